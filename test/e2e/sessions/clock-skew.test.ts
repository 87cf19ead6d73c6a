import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import { PASSWORD } from '../../support/client.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** An instance with a wrong clock: decisions based on rows use the time of the database (attack: fail open). */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterAll(() => server.stop());

const signUp = () => server.client.signUp(`user-${++user}`);
const present = (token: string) => server.client.get('/protected', { token });

/** Runs the given work with the clock of this instance that far ahead. */
async function ahead<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  server.clock.jump(milliseconds);
  try {
    return await work();
  } finally {
    server.clock.jump(-milliseconds);
  }
}

test('an instance 25 s ahead ends a session whose tokens the other instances still accept', async () => {
  const { access_token, refresh_token, expires_in } = await signUp();
  server.clock.advance((expires_in - 20) * 1000);
  expect((await present(access_token)).status).toBe(200);
  const { status } = await ahead(25_000, () => server.client.post('/logout', { body: { refresh_token } }));
  expect(status).toBe(204);
  expectProblem(await present(access_token), 401, 'token_revoked');
});

test('keeps a revocation for 30 s after its tokens expire, because an instance may be that far behind', async () => {
  const { access_token, refresh_token, expires_in } = await signUp();
  server.clock.advance((expires_in + 25) * 1000);
  await server.client.post('/logout', { body: { refresh_token } });
  const answer = await ahead(-29_000, () => present(access_token));
  expectProblem(answer, 401, 'token_revoked');
});

test('an instance an hour ahead does not delete revocations that are still needed', async () => {
  const { access_token } = await signUp();
  await server.client.post('/logout', { token: access_token });
  await ahead(3_600_000, () => server.get(Cleanup).run());
  await server.restart();
  expectProblem(await present(access_token), 401, 'token_revoked');
});

test('a retry on an instance whose clock is ahead does not count as reuse', async () => {
  const first = await signUp();
  const { body: second } = await server.client.refresh(first.refresh_token);
  const retry = await ahead(70_000, () => server.client.refresh(first.refresh_token));
  expect([retry.status, retry.body.refresh_token]).toEqual([200, second.refresh_token]);
});

test('a refresh on an instance whose clock is behind gives the client the whole grace window', async () => {
  const first = await signUp();
  const { body: second } = await ahead(-70_000, () => server.client.refresh(first.refresh_token));
  const retry = await server.client.refresh(first.refresh_token);
  expect([retry.status, retry.body.refresh_token]).toEqual([200, second.refresh_token]);
});

test('an instance whose clock is behind does not extend the grace window of a stolen token', async () => {
  const { refresh_token } = await signUp();
  await server.client.refresh(refresh_token);
  server.clock.advance(61_000);
  const replay = await ahead(-30_000, () => server.client.refresh(refresh_token));
  expectProblem(replay, 401, 'refresh_token_reused');
});

test('an instance whose clock is ahead checks no password of a locked account', async () => {
  await signUp();
  const logIn = (password: string) => server.client.post('/login', { body: { username: `user-${user}`, password } });
  for (let n = 0; n < 5; n++) expectProblem(await logIn('wrong'), 401, 'invalid_credentials');
  expectProblem(await ahead(60_000, () => logIn(PASSWORD)), 429, 'too_many_attempts');
  const rows = () => server.get(DataSource).query('SELECT 1 FROM login_failures');
  const before = (await rows()).length;
  await ahead(24 * 3_600_000, () => server.get(Cleanup).run());
  expect((await rows()).length).toBe(before);
});
