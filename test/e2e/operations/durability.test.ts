import { PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { ServerProcess } from '../../support/process.js';

/** Acknowledged changes survive `kill -9`, on both engines. */
let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

test('every user whose registration got 201 can log in after a kill -9 during many registrations [ASVS 2.3.3]', async () => {
  const answered: string[] = [];
  for (let round = 0; round < 3; round++) {
    const server = await ServerProcess.start(database.env);
    const registering = Array.from({ length: 200 }, async (_, index) => {
      const username = `user-${round}-${index}`;
      const answer = await server.client.post('/register', { body: { username, password: PASSWORD } });
      if (answer.status === 201) answered.push(username);
      if (answered.length === 40 * (round + 1)) server.child.kill('SIGKILL');
    });
    const outcomes = await Promise.allSettled(registering);
    await server.exit;
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  }
  const server = await ServerProcess.start(database.env);
  for (const username of answered) await server.client.logIn(username);
  await server.kill('SIGTERM');
});

test('an acknowledged logout and refresh survive a kill -9 [attack: replay after restart]', async () => {
  let server = await ServerProcess.start(database.env);
  const ended = await server.client.signUp('ended');
  const alive = await server.client.signUp('alive');
  expect((await server.client.post('/logout', { token: ended.access_token })).status).toBe(204);
  const { body: next } = await server.client.refresh(alive.refresh_token);
  await server.kill('SIGKILL');

  server = await ServerProcess.start(database.env);
  expectProblem(await server.client.get('/protected', { token: ended.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(ended.refresh_token), 401, 'session_revoked');
  expect((await server.client.get('/protected', { token: next.access_token })).status).toBe(200);
  expect((await server.client.refresh(alive.refresh_token)).body.refresh_token).toBe(next.refresh_token);
  expect((await server.client.refresh(next.refresh_token)).status).toBe(200);
  await server.kill('SIGTERM');
});
