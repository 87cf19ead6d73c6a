import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { RateLimits } from '../../../src/rate-limits/rate-limits.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** The contract's "Limits"; attack rows "limiter evasion" and "fail open"; ASVS 2.1.3, 2.4.1, 6.3.1. */
let server: TestServer;
afterEach(async () => {
  jest.restoreAllMocks();
  await ServerProcess.killAll();
  await server?.stop();
});

const ORIGIN = 'https://app.example';
const start = async (settings: Record<string, string> = {}) => {
  server = await TestServer.start({ RATE_LIMIT: 'on', ...settings });
};
/** The response to the calls below, unless it is 400. */
const STATUS: Record<string, number> = { registrations: 409, refreshes: 401 };
const logIn = (username: string, password = PASSWORD, client = server.client) =>
  client.post('/auth/login', { body: { username, password } });
const expectTooMany = (answer: Answer) => expectProblem(answer, 429, 'too_many_requests');

test('registrations with an invalid body count only for the general limit', async () => {
  await start({ LIMIT_REGISTRATIONS: '2/10m', LIMIT_REQUESTS: '9/1m' });
  const register = (body: unknown) => server.client.post('/auth/register', { body });
  for (const body of [
    {},
    { username: 7, password: PASSWORD },
    { username: 'ana', password: PASSWORD, x: 1 },
    '{"a":',
  ]) {
    const { status, headers } = await register(body);
    expect([status, headers.get('ratelimit')]).toEqual([400, null]);
  }
  for (const username of ['ana', 'eva']) expect((await register({ username, password: PASSWORD })).status).toBe(201);
  expectTooMany(await register({ username: 'sol', password: PASSWORD }));
  // Still valid first: the ninth request is the last one within the general limit.
  expect((await register({})).status).toBe(400);
  expect((await register({})).status).toBe(400);
  expectTooMany(await register({}));
});

test('each route has the rate limit of the contract, and invalid bodies count except those of registrations [ASVS 2.4.1, 6.3.1]', async () => {
  await start();
  const { access_token: token } = await server.client.signUp('ana');
  const calls: [string, number, () => Promise<Answer>][] = [
    [
      'registrations',
      30 - 1,
      () => server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } }),
    ],
    ['logins', 60 - 1, () => server.client.post('/auth/login', { body: { username: 7 } })],
    ['password_changes', 10, () => server.client.post('/users/me/password', { token, body: {} })],
    ['refreshes', 300, () => server.client.post('/refresh', { body: { refresh_token: 'no token' } })],
  ];
  for (const [limit, remaining, call] of calls) {
    for (let n = 0; n < remaining; n++) {
      const { status, headers } = await call();
      expect([limit, n, status]).toEqual([limit, n, STATUS[limit] ?? 400]);
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"${limit}";r=${remaining - n - 1};t=\\d+$`));
    }
    const refused = await call();
    expectTooMany(refused);
    expect(refused.headers.get('ratelimit')).toBe(`"${limit}";r=0;t=${refused.headers.get('retry-after')}`);
  }
  const policy = (await server.client.refresh('no token')).headers.get('ratelimit-policy');
  expect(policy).toBe('"refreshes";q=300;w=60');
});

test('rejects any request beyond 1,200 a minute, also one that no route matches', async () => {
  await start();
  for (let n = 0; n < 12; n++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => server.client.get('/health/live')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }
  for (const path of ['/health/live', '/nowhere', '/docs', '/protected']) expectTooMany(await server.client.get(path));
  const refused = await server.client.get('/health/live');
  expect(refused.headers.get('ratelimit-policy')).toBe('"requests";q=1200;w=60');
  expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
  server.clock.advance(60_000);
  expect((await server.client.get('/health/live')).status).toBe(200);
});

const crlf = (...lines: string[]) => [...lines, '', ''].join('\r\n');

test.each([
  ['a path with two slashes', crlf('GET //health/live HTTP/1.1', 'Host: x', 'Connection: close'), 404],
  ['a malformed path', crlf('GET /%zz HTTP/1.1', 'Host: x', 'Connection: close'), 400],
  ['a route’s malformed parameter', crlf('DELETE /auth/sessions/%zz HTTP/1.1', 'Host: x', 'Connection: close'), 400],
  ['two hosts', crlf('GET / HTTP/1.1', 'Host: x', 'Host: y', 'Connection: close'), 400],
  ['no path', crlf('GET ftp://x/ HTTP/1.1', 'Host: x', 'Connection: close'), 400],
  ['no HTTP at all', crlf('hello'), 400],
  ['headers over the limit', crlf('GET / HTTP/1.1', 'Host: x', `A: ${'a'.repeat(17_000)}`), 431],
  ['a request for a tunnel', crlf('CONNECT x:443 HTTP/1.1', 'Host: x'), 405],
  [
    'a preflight',
    crlf(
      'OPTIONS / HTTP/1.1',
      'Host: x',
      `Origin: ${ORIGIN}`,
      'Access-Control-Request-Method: PUT',
      'Connection: close',
    ),
    204,
  ],
])('%s counts toward the limit per address [attack: limiter evasion]', async (_, bytes, status) => {
  await start({ LIMIT_REQUESTS: '3/1m', CORS_ORIGINS: ORIGIN });
  for (let n = 0; n < 3; n++) expect((await sendRaw(server.client.url, bytes)).status).toBe(status);
  const refused = await sendRaw(server.client.url, bytes);
  expect([refused.status, JSON.parse(refused.body)]).toEqual([
    429,
    expect.objectContaining({ code: 'too_many_requests' }),
  ]);
  expect(refused.headers).toMatchObject({ 'retry-after': '60', connection: 'close' });
  expectTooMany(await server.client.get('/health/live'));
});

test('a limit ends with its window', async () => {
  await start({ LIMIT_REGISTRATIONS: '2/2s' });
  const register = () => server.client.post('/register', { body: { username: 'ana', password: 'short' } });
  await Promise.all([register(), register()]);
  expectTooMany(await register());
  await sleep(2100);
  expect((await register()).status).toBe(422);
});

test('no spelling of the path and no added member bypasses a rate limit [attack: limiter evasion]', async () => {
  await start({ LIMIT_LOGINS: '4/1h' });
  await server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
  for (const path of ['/login', '/auth/login', '/login', '/auth/login']) {
    expect((await server.client.post(path, { body: { username: 'ana', password: 'wrong' } })).status).toBe(401);
  }
  const body = JSON.stringify({ username: 'ana', password: PASSWORD });
  const more = JSON.stringify({ username: 'ana', password: PASSWORD, added: 1 });
  const send = (path: string, text = body, header = 'X-A: b') =>
    sendRaw(
      server.client.url,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${header}\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  for (const path of ['/auth/login', '/login', '/auth/login?x=1']) {
    expect([path, (await send(path)).status]).toEqual([path, 429]);
    expect([path, (await send(path, more)).status]).toEqual([path, 429]);
  }
  const others = [
    '/auth/log%69n',
    '/%6cogin',
    '/auth/login#x',
    '//auth/login',
    '/AUTH/LOGIN',
    '/auth/login/',
    '/auth/%2e/login',
    '/auth/./login',
    '/auth/x/../login',
  ];
  for (const path of [...others, '/auth/login;x', '/auth/login%2f', '/auth//login', '/auth%2flogin', '/login%00']) {
    expect([path, [400, 404, 405, 429].includes((await send(path)).status)]).toEqual([path, true]);
  }
  for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'CF-Connecting-IP', 'True-Client-IP']) {
    expect((await send('/login', body, `${name}: 203.0.113.9`)).status).toBe(429);
  }
});

test('rejects the request if the limiter throws, and runs nothing after it [ASVS 16.5.3] [attack: fail open]', async () => {
  await start();
  await server.client.signUp('ana');
  const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
  jest.spyOn(server.get(RateLimits), 'take').mockRejectedValue(new Error('broken'));
  expectProblem(await logIn('ana'), 500, 'internal_error');
  expect(verify).not.toHaveBeenCalled();
  jest.restoreAllMocks();
  expect((await logIn('ana')).status).toBe(200);
});

test('RATE_LIMIT=off disables rate limits and sets no device cookie', async () => {
  await start({ RATE_LIMIT: 'off', LIMIT_LOGINS: '1/1h', LIMIT_REQUESTS: '1/1h', LOCKOUT_AFTER: '1' });
  await server.client.signUp('ana');
  for (let n = 0; n < 5; n++) expect((await logIn('ana', 'wrong')).status).toBe(401);
  const { status, headers } = await logIn('ana');
  expect([status, headers.get('ratelimit'), headers.get('set-cookie')]).toEqual([200, null, null]);
});

testOnPostgres('instances share counters: check ten of 30 concurrent logins on three instances', async () => {
  await start();
  const env = { ...server.database.env, RATE_LIMIT: 'on', LIMIT_LOGINS: '10/1h' };
  const instances = await Promise.all([1, 2, 3].map(() => ServerProcess.start(env)));
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => logIn(`user${n}`, PASSWORD, instances[n % 3]?.client)),
  );
  const statuses = answers.map(({ status }) => status);
  expect([401, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([10, 20]);
  const rows: { text: string }[] = await server
    .get(DataSource)
    .query(`SELECT r::text AS text FROM rate_limits r WHERE key LIKE 'logins:%'`);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.text).not.toContain('127.0.0.1');
});

testOnPostgres(
  'each instance counts in memory while the store fails, and uses the store again afterwards [ASVS 16.5.2]',
  async () => {
    await start({ LIMIT_LOGINS: '5/1h' });
    const database = server.get(DataSource);
    const said = (text: RegExp) => server.log.filter(({ msg }) => text.test(String(msg))).length;
    await database.query('ALTER TABLE rate_limits RENAME TO gone');
    for (let n = 0; n < 5; n++) expect((await logIn(`user${n}`)).status).toBe(401);
    expectTooMany(await logIn('user5'));
    expect(said(/counts in its own memory/)).toBe(1);
    await database.query('ALTER TABLE gone RENAME TO rate_limits');
    server.clock.advance(1000);
    expect((await logIn('user6')).headers.get('ratelimit')).toMatch(/^"logins";r=4;/);
    expect(said(/answers again/)).toBe(1);
  },
);
