import { decodeProtectedHeader } from 'jose';
import { DataSource } from 'typeorm';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { PASSWORD } from '../../support/client.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Passwords at login. Each title names the ASVS requirements that it proves. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ SESSION_TTL: '3650d' });
});
afterAll(() => server.stop());

const logIn = (username: string, password: string, path = '/auth/login') =>
  server.client.post(path, { body: { username, password } });

test('a new database has no user and no client, and common default accounts do not work [ASVS 6.3.2, 13.2.3]', async () => {
  for (const table of ['users', 'clients', 'sessions']) {
    const [{ count }] = await server.get(DataSource).query(`SELECT count(*)::int FROM ${table}`);
    expect([table, count]).toEqual([table, 0]);
  }
  for (const name of ['admin', 'root', 'administrator', 'portero', 'postgres', 'test', 'guest', 'user']) {
    for (const password of [name, 'password', 'admin', 'changeme', '123456', 'secret']) {
      expectProblem(await logIn(name, password), 401, 'invalid_credentials');
    }
    const basic = { Authorization: `Basic ${Buffer.from(`${name}:${name}`).toString('base64')}` };
    const form = { body: 'token=x', headers: { ...basic, 'Content-Type': 'application/x-www-form-urlencoded' } };
    expect((await server.client.post('/oauth/introspect', form)).status).toBe(401);
  }
});

test('compares a password exactly as typed: case, spaces, Unicode form and every byte [ASVS 6.2.8]', async () => {
  const password = `Caf\u00e9 au lait ${'x'.repeat(70)}9`;
  await server.client.post('/auth/register', { body: { username: 'exact', password } });
  const others = [
    password.toLowerCase(),
    password.toUpperCase(),
    ` ${password}`,
    `${password} `,
    password.trimEnd().slice(0, -1),
    password.slice(0, 72),
    `${password.slice(0, -1)}8`,
    `${password}x`,
    password.replace('  ', ' ').replace(' ', ''),
    encodeURIComponent(password),
  ];
  for (const other of others) expectProblem(await logIn('exact', other), 401, 'invalid_credentials');
  expect((await logIn('exact', `${password}\0`)).status).toBe(400);
  expect((await logIn('exact', password)).status).toBe(200);
});

test('a password from two years ago still works, because passwords do not expire [ASVS 6.2.10]', async () => {
  await server.client.signUp('old');
  server.clock.advance(2 * 366 * 86_400_000);
  expect((await logIn('old', PASSWORD)).status).toBe(200);
});

test('every way to start a session enforces the lockout and rejects a disabled user [ASVS 6.3.4]', async () => {
  await server.client.post('/auth/register', { body: { username: 'ways', password: PASSWORD } });
  const ways: [string, object][] = ['/auth/login', '/login'].flatMap((path) =>
    ['bearer', 'cookie'].map((transport): [string, object] => [path, { transport }]),
  );
  const attempt = ([path, more]: [string, object], password: string) =>
    server.client.post(path, { body: { username: 'ways', password, ...more } });
  await server.get(DataSource).query(`UPDATE users SET disabled_at = now() WHERE username = 'ways'`);
  for (const way of ways) expectProblem(await attempt(way, PASSWORD), 401, 'invalid_credentials');
  await server.get(DataSource).query(`UPDATE users SET disabled_at = NULL WHERE username = 'ways'`);
  for (const way of ways) expect((await attempt(way, PASSWORD)).status).toBe(200);
  await server.restart(LOCKOUT_ONLY);
  for (let n = 0; n < 5; n++) await attempt(ways[n % ways.length] as [string, object], 'not the password');
  for (const way of ways) expectProblem(await attempt(way, PASSWORD), 429, 'too_many_attempts');
});

test('changing the algorithms of keys and hashes logs no user out and locks no user out [ASVS 11.2.2, 11.4.2]', async () => {
  await server.restart({ RATE_LIMIT: 'off', PASSWORD_HASH: 'bcrypt' });
  const { access_token: token, refresh_token } = await server.client.signUp('agile');
  await server.restart({ JWT_ALG: 'RS256', PASSWORD_HASH: 'argon2id' });
  expect((await server.client.get('/protected', { token })).status).toBe(200);
  const keys = server.get(SigningKeys);
  for (let n = 0; n < 200 && keys.active.alg !== 'RS256'; n++) await new Promise((resolve) => setTimeout(resolve, 50));
  const refreshed = await server.client.refresh(refresh_token);
  expect(refreshed.status).toBe(200);
  expect(decodeProtectedHeader(refreshed.body.access_token).alg).toBe('RS256');
  expect((await logIn('agile', PASSWORD)).status).toBe(200);
  const [{ hash }] = await server
    .get(DataSource)
    .query(`SELECT password_hash AS hash FROM users WHERE username = 'agile'`);
  expect(hash).toMatch(/argon2id/);
  await server.restart({ JWT_ALG: 'ES256', PASSWORD_HASH: 'bcrypt' });
  expect((await server.client.get('/protected', { token: refreshed.body.access_token })).status).toBe(200);
});
