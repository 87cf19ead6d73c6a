import { DataSource } from 'typeorm';
import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { documentedRoutes, type Route } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** Requests that another site makes a browser send change nothing (ASVS 3.5.1, 3.5.2, 3.5.3; attack: CSRF, login CSRF). */
const OWN = 'http://localhost:3000';
const LISTED = 'https://app.example.com';
let server: TestServer;
let routes: Route[];
let browser: Browser;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start({ CORS_ORIGINS: LISTED });
  routes = await documentedRoutes(server.client);
});
afterAll(() => server.stop());
beforeEach(async () => {
  browser = await Browser.signUp(server, `user-${++user}`);
});

const SAFE = ['GET', 'HEAD', 'OPTIONS'];
/** Routes that need no session. They take credentials in the body, or those of a registered client, or request a mail. */
const NEEDS_NO_SESSION =
  /^\/(auth\/)?(register|login|refresh)$|^\/oauth\/|^\/auth\/(email\/(verify|undo-change)|password\/\w+|mail-code(\/login)?|second-factor(\/passkey-options)?|passkey(\/options)?|enrolment\/[\w/]+)$/;
const unsafeRoutes = () => routes.filter(({ method, path }) => !SAFE.includes(method) && !NEEDS_NO_SESSION.test(path));
const bodyFor = (path: string) =>
  path === '/users/me'
    ? { body: { password: PASSWORD } }
    : path === '/users/me/password'
      ? { body: { current_password: PASSWORD, new_password: 'a passphrase that nobody set' } }
      : {};

/** The contents of all tables except last_seen_at. */
async function content(): Promise<string> {
  const rows = await server.get(DataSource).query(
    `SELECT (SELECT json_agg(u ORDER BY id) FROM users u) AS users,
            (SELECT json_agg(to_jsonb(s) - 'last_seen_at' ORDER BY id) FROM sessions s) AS sessions,
            (SELECT json_agg(r ORDER BY session_id) FROM revocations r) AS revocations`,
  );
  return JSON.stringify(rows);
}

async function expectRefusedEverywhere(headers: Record<string, string>): Promise<void> {
  const before = await content();
  for (const { method, path } of unsafeRoutes()) {
    const answer = await browser.call(method, path, { ...bodyFor(path), headers });
    expectProblem(answer, 403, 'csrf_failed');
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
  expect(await content()).toBe(before);
  expect(await browser.status()).toBe(200);
}

test('the tests below cover every unsafe route that accepts a cookie', () => {
  expect(unsafeRoutes().map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')}`)).toEqual(
    expect.arrayContaining([
      'POST /auth/logout',
      'POST /logout',
      'DELETE /auth/sessions',
      'DELETE /auth/sessions/{id}',
      'POST /auth/email/confirm-change',
      'POST /auth/email/verification',
      'POST /users/me/email',
      'POST /users/me/password',
      'DELETE /users/me',
      'PATCH /users/me',
      'POST /protected',
      'POST /auth/token',
    ]),
  );
});

test('rejects every unsafe request without a CSRF token with 403 and changes nothing', async () => {
  browser.csrf = undefined;
  await expectRefusedEverywhere({});
});

test('rejects a wrong token on every route, also one that is almost right', async () => {
  const good = browser.csrf as string;
  for (const token of ['', 'x', `${good}=`, ` ${good}, ${good}`, good.slice(0, -1), good.toLowerCase()]) {
    await expectRefusedEverywhere({ 'X-CSRF-Token': token });
  }
});

test('accepts only one spelling of the token', async () => {
  const standard = Buffer.from(browser.csrf as string, 'base64url').toString('base64');
  for (const token of [standard, `${browser.csrf}====`, `${browser.csrf}!`]) {
    expectProblem(await browser.post('/protected', { headers: { 'X-CSRF-Token': token } }), 403, 'csrf_failed');
  }
});

test('rejects the token of another session, whether of another user or of the same one', async () => {
  const other = await Browser.signUp(server, `user-${user}-other`);
  const same = new Browser(server);
  await same.logIn(`user-${user}`);
  for (const { csrf } of [other, same]) await expectRefusedEverywhere({ 'X-CSRF-Token': csrf as string });
});

test('rejects an access token, a refresh token or the cookie value in place of the CSRF token [attack: confusion]', async () => {
  const tokens = await server.client.logIn(`user-${user}`);
  for (const token of [tokens.access_token, tokens.refresh_token, browser.value]) {
    await expectRefusedEverywhere({ 'X-CSRF-Token': token });
  }
});

test.each([
  'null',
  'https://evil.example',
  'http://localhost:3000.evil.example',
  'http://evil-localhost:3000',
  'http://localhost:3001',
  'http://localhost',
  'https://localhost:3000',
  'HTTP://localhost:3000',
  'http://LOCALHOST:3000',
  'http://localhost:3000/',
  'http://127.0.0.2:3000',
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'https://APP.example.com',
  'https://app.example.com:8443',
  'http://app.example.com',
  `${OWN}, ${OWN}`,
])('rejects a page of origin %s with any token', async (origin) => {
  await expectRefusedEverywhere({ Origin: origin });
});

test.each(['cross-site', 'same-site', 'Same-Origin', ''])(
  'rejects Sec-Fetch-Site: %s, also with our own Origin',
  async (site) => {
    for (const headers of [{}, { Origin: OWN }, { Origin: 'http://127.0.0.1:3000' }]) {
      const answer = await browser.post('/protected', { headers: { ...headers, 'Sec-Fetch-Site': site } });
      expectProblem(answer, 403, 'csrf_failed');
    }
    await expectRefusedEverywhere({ Origin: OWN, 'Sec-Fetch-Site': site });
  },
);

test.each<[string, Record<string, string>]>([
  ['no browser', {}],
  ['a page of the service', { Origin: OWN, 'Sec-Fetch-Site': 'same-origin' }],
  ['a page of the service in an old browser', { Origin: OWN }],
  ['a page under 127.0.0.1', { Origin: 'http://127.0.0.1:3000', 'Sec-Fetch-Site': 'same-origin' }],
  ['a page under ::1', { Origin: 'http://[::1]:3000' }],
  ['the address bar', { 'Sec-Fetch-Site': 'none' }],
  ['a listed origin', { Origin: LISTED, 'Sec-Fetch-Site': 'same-site' }],
  ['a listed origin of another site', { Origin: LISTED, 'Sec-Fetch-Site': 'cross-site' }],
])('accepts %s with the token, and rejects it without', async (_, headers) => {
  expect((await browser.post('/protected', { headers })).status).toBe(200);
  const without = await browser.post('/protected', { headers: { ...headers, 'X-CSRF-Token': '' } });
  expectProblem(without, 403, 'csrf_failed');
});

test.each<Record<string, string>>([
  { Origin: 'null' },
  { Origin: 'https://evil.example' },
  { 'Sec-Fetch-Site': 'cross-site' },
  { 'Sec-Fetch-Site': 'same-site' },
  { Origin: OWN, 'Sec-Fetch-Site': 'cross-site' },
])('rejects a cookie login from another site: %j [attack: login CSRF]', async (headers) => {
  const before = await content();
  for (const path of ['/auth/login', '/login']) {
    const body = { username: `user-${user}`, password: PASSWORD, transport: 'cookie' };
    const answer = await server.client.post(path, { body, headers });
    expectProblem(answer, 403, 'csrf_failed');
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
  expect(await content()).toBe(before);
  // A bearer login sets no cookie, so it is accepted from any origin.
  const bearer = { username: `user-${user}`, password: PASSWORD };
  expect((await server.client.post('/login', { body: bearer, headers })).status).toBe(200);
});

test('a login needs no CSRF token from our own pages, allowed origins or outside a browser', async () => {
  for (const headers of [{}, { Origin: OWN, 'Sec-Fetch-Site': 'same-origin' }, { Origin: LISTED }]) {
    expect((await new Browser(server).logIn(`user-${user}`, PASSWORD, headers)).status).toBe(200);
  }
});

test('safe methods need no CSRF token and change nothing [ASVS 3.5.3]', async () => {
  const before = await content();
  const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', 'X-CSRF-Token': 'wrong' };
  for (const path of new Set(routes.map((route) => route.path))) {
    for (const method of SAFE) {
      const { status } = await browser.call(method, path, { headers });
      expect([method, path, status === 403 || status >= 500]).toEqual([method, path, false]);
    }
  }
  expect(await content()).toBe(before);
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
  'rejects a body of %s, which a form can post, with 415 even with the token [ASVS 3.5.2]',
  async (type) => {
    const before = await content();
    const { csrf } = browser;
    for (const { method, path } of unsafeRoutes()) {
      const headers = { 'Content-Type': type, 'X-CSRF-Token': csrf as string };
      const body = JSON.stringify(bodyFor(path).body ?? {});
      expectProblem(await browser.call(method, path, { body, headers }), 415, 'unsupported_media_type');
    }
    const login = JSON.stringify({ username: `user-${user}`, password: PASSWORD, transport: 'cookie' });
    const answer = await server.client.post('/login', { body: login, headers: { 'Content-Type': type } });
    expectProblem(answer, 415, 'unsupported_media_type');
    expect(await content()).toBe(before);
  },
);

test('a client with a bearer token needs no CSRF token, whatever its origin', async () => {
  const { access_token: token } = await server.client.logIn(`user-${user}`);
  const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
  for (const client of [server.client, browser]) {
    expect((await client.post('/protected', { token, headers })).status).toBe(200);
  }
  expect((await server.client.post('/logout', { token, headers })).status).toBe(204);
  expect(await browser.status()).toBe(200);
});

test('with https only the origin of PUBLIC_URL is our own, and no loopback name', async () => {
  await server.restart({ PUBLIC_URL: 'https://auth.example.com' });
  await browser.logIn(`user-${user}`);
  const from = (origin: string) => browser.post('/protected', { headers: { Origin: origin } });
  expect((await from('https://auth.example.com')).status).toBe(200);
  for (const origin of ['http://auth.example.com', 'https://auth.example.com:444', 'http://localhost:3000']) {
    expectProblem(await from(origin), 403, 'csrf_failed');
  }
  await server.restart({ PUBLIC_URL: OWN });
});
