import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Row `POST /auth/logout` of the contract. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signUp = () => server.client.signUp(`user-${++user}`);
const logOut = (options: object, path = '/auth/logout') => server.client.post(path, options);

test('logout with an access token ends its session and rejects all tokens of it [ASVS 7.4.1]', async () => {
  const tokens = await signUp();
  const answer = await logOut({ token: tokens.access_token });
  expect([answer.status, answer.text]).toEqual([204, '']);
  expectProblem(await server.client.get('/protected', { token: tokens.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.get('/users/me', { token: tokens.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
});

test('logout with a refresh token ends its session and rejects its access tokens [ASVS 10.4.9]', async () => {
  const tokens = await signUp();
  expect((await logOut({ body: { refresh_token: tokens.refresh_token } }, '/logout')).status).toBe(204);
  expectProblem(await server.client.get('/protected', { token: tokens.access_token }), 401, 'token_revoked');
});

test('revokes access tokens from before a refresh too, but no other session of the user', async () => {
  const first = await signUp();
  const { body: second } = await server.client.refresh(first.refresh_token);
  const elsewhere = await server.client.logIn(`user-${user}`);
  await logOut({ token: second.access_token });
  expectProblem(await server.client.get('/protected', { token: first.access_token }), 401, 'token_revoked');
  expect((await server.client.get('/protected', { token: elsewhere.access_token })).status).toBe(200);
});

test('responds with 204 again for a session that has ended', async () => {
  const tokens = await signUp();
  for (let time = 0; time < 3; time++) {
    expect((await logOut({ token: tokens.access_token })).status).toBe(204);
    expect((await logOut({ body: { refresh_token: tokens.refresh_token } })).status).toBe(204);
  }
});

test('accepts an expired access token with a valid signature', async () => {
  const tokens = await signUp();
  server.clock.advance(6 * 60_000);
  expect((await logOut({ token: tokens.access_token })).status).toBe(204);
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
});

test('accepts a logout with one valid credential beside an invalid one', async () => {
  const tokens = await signUp();
  const answer = await logOut({ token: 'no.such.token', body: { refresh_token: tokens.refresh_token } });
  expect(answer.status).toBe(204);
  expectProblem(await server.client.get('/protected', { token: tokens.access_token }), 401, 'token_revoked');
});

test('responds with 401 if no valid credential was sent', async () => {
  const tokens = await signUp();
  expectProblem(await logOut({}), 401, 'token_missing');
  expectProblem(await logOut({ body: {} }), 401, 'token_missing');
  expectProblem(await logOut({ token: `${tokens.access_token}x` }), 401, 'token_malformed');
  expectProblem(await logOut({ token: tokens.refresh_token }), 401, 'token_malformed');
  expectProblem(await logOut({ body: { refresh_token: tokens.access_token } }), 401, 'refresh_token_invalid');
  expectFaults(await logOut({ body: { refresh_token: null } }), ['/refresh_token', 'not_a_string']);
  expect((await server.client.get('/protected', { token: tokens.access_token })).status).toBe(200);
});

test('rejects a revoked token after a restart [ASVS 7.4.1] [attack: replay after restart]', async () => {
  const tokens = await signUp();
  const alive = await signUp();
  await logOut({ token: tokens.access_token });
  await server.restart();
  expectProblem(await server.client.get('/protected', { token: tokens.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
  expect((await server.client.get('/protected', { token: alive.access_token })).status).toBe(200);
  expect((await server.client.refresh(alive.refresh_token)).status).toBe(200);
});
