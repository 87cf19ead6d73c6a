import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** What the tutorials' systems do, over HTTP. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('register, log in and call a protected route with the token, and be refused without it', async () => {
  const { client } = server;
  expect((await client.post('/register', { body: { username: 'ana', password: PASSWORD } })).status).toBe(201);
  const login = await client.post<{ access_token: string }>('/login', {
    body: { username: 'ana', password: PASSWORD },
  });
  expect(login.status).toBe(200);
  expect((await client.get('/protected', { token: login.body.access_token })).status).toBe(200);
  expectProblem(await client.get('/protected'), 401, 'token_missing');
});

test('refresh, a clear message for an expired token, and logout after which the token is refused', async () => {
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

test('the protected route says who is logged in: the username, else the email', async () => {
  const { client } = server;
  const named = await client.signUp('Carla');
  expect((await client.get('/protected', { token: named.access_token })).body).toEqual({ logged_in_as: 'Carla' });
  expect((await client.post('/protected', { token: named.access_token })).body).toEqual({ logged_in_as: 'Carla' });
});

test('log in by email', async () => {
  const { client } = server;
  const body = { username: 'dora', email: 'Dora@Example.com', password: PASSWORD };
  expect((await client.post('/auth/register', { body })).status).toBe(201);
  const login = await client.post('/auth/login', { body: { email: 'dora@example.COM', password: PASSWORD } });
  expect(login.status).toBe(200);
});

test('registering twice is refused by name and by email, and so are incomplete data', async () => {
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
