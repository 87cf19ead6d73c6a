import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { fingerprint } from '../../support/everything.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Hostile input and its handling. Each title names the ASVS requirements that it proves. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const SQL = [
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  "x' UNION SELECT password_hash FROM users --",
  "' || pg_sleep(5) || '",
  "\\'; SELECT 1 --",
  '$1',
  '%',
  '_',
  "ʼ' OR 1=1",
  "') OR ('a'='a",
];

test('treats SQL in input as text: nothing fails, waits or changes a row [ASVS 1.2.4]', async () => {
  const { access_token: token, refresh_token } = await server.client.signUp('ana');
  const before = await fingerprint(server);
  for (const sql of SQL) {
    const answers = [
      await server.client.post('/auth/login', { body: { username: sql, password: sql } }),
      await server.client.post('/auth/login', { body: { email: sql, password: sql } }),
      await server.client.post('/auth/refresh', { body: { refresh_token: sql + refresh_token } }),
      await server.client.post('/auth/logout', { body: { refresh_token: sql } }),
      await server.client.call('DELETE', '/auth/sessions/x', {
        headers: { Authorization: `Bearer ${token}${encodeURI(sql)}` },
      }),
      await server.client.call('DELETE', `/auth/sessions?keep=${encodeURIComponent(sql)}`, { token }),
      await server.client.post('/users/me/password', { token, body: { current_password: sql, new_password: sql } }),
      await server.client.call('DELETE', '/users/me', { token, body: { password: sql } }),
      await server.client.get('/protected', { headers: { Cookie: `portero=${encodeURIComponent(sql)}` } }),
    ];
    for (const { status, text } of answers) {
      expect([400, 401, 403, 404]).toContain(status);
      expect(text).not.toMatch(/syntax|relation|pg_|users"/);
    }
  }
  expect(await fingerprint(server)).toBe(before);
});

test('stores usernames that contain SQL unchanged, each for one user', async () => {
  for (const username of ["o'brien", 'a%', 'a_', 'x--', '"quoted"']) {
    expect((await server.client.post('/auth/register', { body: { username, password: PASSWORD } })).status).toBe(201);
    const { access_token: token } = await server.client.logIn(username);
    expect((await server.client.get('/protected', { token })).body).toEqual({ logged_in_as: username });
  }
  const [{ count }] = await server.get(DataSource).query(`SELECT count(*)::int FROM users WHERE username LIKE 'a%'`);
  expect(count).toBe(3);
});

test('treats markup and templates in a username as data: returns them unchanged as JSON, and on no page [ASVS 1.2.1, 1.3.7]', async () => {
  const names = [
    '<script>alert(1)</script>',
    '{{7*7}}',
    '$\u007b7*7}',
    '<%= 7*7 %>',
    '#{7*7}',
    '"><img src=x onerror=alert(1)>',
  ];
  for (const username of names) {
    await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
    const { access_token: token } = await server.client.logIn(username);
    const answer = await server.client.get('/protected', { token });
    expect(answer.body).toEqual({ logged_in_as: username });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const pages = [`/docs/errors?x=${encodeURIComponent(username)}`, `/docs?x=${encodeURIComponent(username)}`];
    for (const page of pages) {
      const headers = {
        'Accept-Language': username,
        Referer: `http://x/${encodeURIComponent(username)}`,
        'User-Agent': username,
      };
      const { text } = await server.client.get(page, { headers });
      expect(text).not.toContain(username);
      expect(text).not.toMatch(/\b49\b/);
    }
  }
});

test('decodes encoded input exactly once [ASVS 1.1.1]', async () => {
  for (const path of [
    '/users%2fme',
    '/users%252fme',
    '/%75sers/me',
    '/users/%6de',
    '/users/me%00',
    '/users/%252e%252e/users/me',
  ]) {
    expectProblem(await server.client.get(path), 404, 'not_found');
  }
  const { access_token: token } = await server.client.logIn('ana');
  const twice = await server.client.call('DELETE', '/auth/sessions?keep=%2563urrent', { token });
  expectFaults(twice, ['/keep', 'keep_unknown']);
  for (const email of [
    'ana%40example.com',
    'ana%2540example.com',
    'ana&#64;example.com',
    '=?utf-8?q?ana?=@example.com\r\n',
  ]) {
    const body = { username: 'encoded', email, password: PASSWORD };
    expectFaults(await server.client.post('/auth/register', { body }), ['/email', 'email_invalid']);
  }
  const body = { username: 'a%41', password: PASSWORD };
  expect((await server.client.post('/auth/register', { body })).body.username).toBe('a%41');
});

test('builds no URL from client input: Location, problem types and metadata [ASVS 1.2.2]', async () => {
  const hostile = 'x&y=1#z?/../"';
  const registered = await server.client.post(`/auth/register?${encodeURIComponent(hostile)}`, {
    body: { username: hostile, password: PASSWORD },
    headers: { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Prefix': '/evil' },
  });
  expect([registered.status, registered.headers.get('location')]).toEqual([201, '/users/me']);
  const refused = await server.client.get(`/users/me?${encodeURIComponent(hostile)}`);
  expect(refused.body.type).toBe('/docs/errors#token_missing');
  const { text } = await server.client.get('/.well-known/oauth-authorization-server?issuer=https://evil.example', {
    headers: { 'X-Forwarded-Host': 'evil.example' },
  });
  expect(text).not.toContain('evil');
});

test('rejects a repeated parameter in a query, a form and a body [ASVS 15.3.7]', async () => {
  const { access_token: token } = await server.client.logIn('ana');
  const query = await server.client.call('DELETE', '/auth/sessions?keep=current&keep=all', { token });
  expectProblem(query, 400, 'validation_failed');
  expect((await server.client.get('/protected', { token })).status).toBe(200);
  const body = '{"username":"ana","username":"eva","password":"x"}';
  expectProblem(await server.client.post('/auth/login', { body }), 400, 'malformed_request');
  const form = { body: 'token=a&token=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
  expect((await server.client.post('/oauth/introspect', form)).status).toBe(400);
});

test('rejects null, lists, objects and numbers for every member of every body [ASVS 2.2.1, 15.3.5] [attack: null where]', async () => {
  const { access_token: token } = await server.client.logIn('ana');
  const bodies: [string, string, Record<string, string>][] = [
    ['POST', '/auth/register', { username: 'typed', email: 'typed@example.com', password: PASSWORD }],
    ['POST', '/auth/login', { username: 'ana', email: 'ana@example.com', password: PASSWORD, transport: 'bearer' }],
    ['POST', '/auth/refresh', { refresh_token: 'x' }],
    ['POST', '/auth/logout', { refresh_token: 'x' }],
    ['POST', '/users/me/password', { current_password: PASSWORD, new_password: PASSWORD }],
    ['DELETE', '/users/me', { password: PASSWORD }],
  ];
  const before = await fingerprint(server);
  for (const [method, path, good] of bodies) {
    for (const member of Object.keys(good)) {
      for (const value of [null, [], {}, ['x'], { $ne: null }, 0, 1, true, [null]]) {
        const answer = await server.client.call(method, path, { token, body: { ...good, [member]: value } });
        expectProblem(answer, 400, 'validation_failed');
        expect((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toContain(`/${member}`);
      }
    }
  }
  expect(await fingerprint(server)).toBe(before);
});

test('rejects a username over the maximum length without normalizing it, which would take long [ASVS 1.3.12, 15.2.2]', async () => {
  const folded: number[] = [];
  const { normalize } = String.prototype;
  jest.spyOn(String.prototype, 'normalize').mockImplementation(function (this: string, form?: string) {
    folded.push(this.length);
    return normalize.call(this, form as string);
  });
  await server.restart({ RATE_LIMIT: 'on' });
  const username = `a${'\u0315\u0300'.repeat(7000)}`;
  const logIn = await server.client.post('/auth/login', { body: { username, password: PASSWORD } });
  const register = await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
  jest.restoreAllMocks();
  await server.restart({ RATE_LIMIT: 'off' });
  expectProblem(logIn, 401, 'invalid_credentials');
  expectFaults(register, ['/username', 'username_invalid']);
  expect(folded.length).toBeGreaterThan(0);
  expect(Math.max(...folded)).toBeLessThan(10_000);
});

test('serializes the OpenAPI document once for any number of requests [ASVS 15.2.2]', async () => {
  const first = await server.client.get('/openapi.json');
  const stringify = jest.spyOn(JSON, 'stringify');
  const again = await server.client.get('/openapi.json');
  const written = stringify.mock.calls.filter(([value]) => (value as { openapi?: string } | undefined)?.openapi);
  jest.restoreAllMocks();
  expect(again.text).toBe(first.text);
  expect(again.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(written).toEqual([]);
});
