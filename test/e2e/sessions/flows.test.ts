import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The flows that tutorials show, over HTTP. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('registers, logs in and calls a protected route with the token, and is rejected without it', async () => {
  const { client } = server;
  expect((await client.post('/register', { body: { username: 'ana', password: PASSWORD } })).status).toBe(201);
  const login = await client.post<{ access_token: string }>('/login', {
    body: { username: 'ana', password: PASSWORD },
  });
  expect(login.status).toBe(200);
  expect((await client.get('/protected', { token: login.body.access_token })).status).toBe(200);
  expectProblem(await client.get('/protected'), 401, 'token_missing');
});

test('refreshes, gets a clear message for an expired token, and logs out, which revokes the token', async () => {
  const { client, clock } = server;
  const first = await client.signUp('berta');
  clock.advance(5 * 60_000);
  const expired = await client.get('/protected', { token: first.access_token });
  expectProblem(expired, 401, 'token_expired');
  expect(expired.body.detail).toBe('The access token has expired. Get a new one with the refresh token.');
  const { body: second } = await client.post<typeof first>('/refresh', {
    body: { refresh_token: first.refresh_token },
  });
  expect((await client.get('/protected', { token: second.access_token })).status).toBe(200);
  expect((await client.post('/logout', { token: second.access_token })).status).toBe(204);
  expectProblem(await client.get('/protected', { token: second.access_token }), 401, 'token_revoked');
});

test('the protected route responds with the username, or else the email', async () => {
  const { client } = server;
  const named = await client.signUp('Carla');
  expect((await client.get('/protected', { token: named.access_token })).body).toEqual({ logged_in_as: 'Carla' });
  expect((await client.post('/protected', { token: named.access_token })).body).toEqual({ logged_in_as: 'Carla' });
});

test('logs in with the email', async () => {
  const { client } = server;
  const body = { username: 'dora', email: 'Dora@Example.com', password: PASSWORD };
  expect((await client.post('/auth/register', { body })).status).toBe(201);
  const login = await client.post('/auth/login', { body: { email: 'dora@example.COM', password: PASSWORD } });
  expect(login.status).toBe(200);
});

test('rejects registrations with a known username or email, or with incomplete data', async () => {
  const { client } = server;
  const register = (body: object) => client.post('/auth/register', { body });
  await register({ username: 'eva', email: 'eva@example.com', password: PASSWORD });
  expectProblem(await register({ username: 'Eva', password: PASSWORD }), 409, 'username_taken');
  const again = { username: 'eva2', email: 'EVA@example.com', password: PASSWORD };
  expectProblem(await register(again), 409, 'email_taken');
  expectFaults(await register({ username: 'fina' }), ['/password', 'required']);
  expectFaults(await register({ password: PASSWORD }), ['/username', 'required']);
  expectFaults(await register({}), ['/username', 'required'], ['/password', 'required']);
});
