import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** Refreshes whose response was lost, and refresh tokens that are reused much later. */
afterEach(() => ServerProcess.killAll());

test('after the server is killed at any point of a refresh, the same refresh token works at the next start [attack: lost answer]', async () => {
  const database = await createDatabase();
  try {
    // A start may take longer than ten seconds on a busy machine.
    const env = { ...database.env, REFRESH_GRACE: '2m' };
    let server = await ServerProcess.start(env);
    let { refresh_token } = await server.client.signUp('ana');
    for (const wait of [0, 1, 2, 4, 8, 16]) {
      const lost = server.client.refresh(refresh_token).catch(() => undefined);
      await sleep(wait);
      await server.kill('SIGKILL');
      await lost;
      server = await ServerProcess.start(env);
      const { status, body } = await server.client.refresh(refresh_token);
      expect([wait, status]).toEqual([wait, 200]);
      refresh_token = body.refresh_token;
    }
  } finally {
    await ServerProcess.killAll();
    await database.drop();
  }
}, 120_000);

test('an old refresh token used outside the grace window ends the session, and none of its tokens work [attack: refresh replay]', async () => {
  const server = await TestServer.start();
  try {
    const first = await server.client.signUp('ana');
    const { body: second } = await server.client.refresh(first.refresh_token);
    server.clock.advance(61_000);
    expectProblem(await server.client.refresh(first.refresh_token), 401, 'refresh_token_reused');
    for (const token of [first.access_token, second.access_token]) {
      expectProblem(await server.client.get('/protected', { token }), 401, 'token_revoked');
    }
    expectProblem(await server.client.refresh(second.refresh_token), 401, 'session_revoked');
  } finally {
    await server.stop();
  }
});
