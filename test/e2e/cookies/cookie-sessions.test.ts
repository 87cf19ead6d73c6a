import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';
import { statementsDuring } from '../../support/statements.js';

/** Section "Cookie sessions" of the contract: the format of the cookie, and which cookies are accepted. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signUp = () => Browser.signUp(server, `user-${++user}`);
const withCookie = (cookie: string) => server.client.get('/protected', { headers: { Cookie: cookie } });

test('a login with transport cookie responds with the user, a CSRF token, the expiry and one cookie', async () => {
  const browser = await signUp();
  const { body: me } = await browser.get('/users/me');
  const answer = await browser.logIn(`user-${user}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({
    user: me,
    csrf_token: expect.stringMatching(/^[\w-]{43}$/),
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
  expect(Date.parse(answer.body.expires_at) - server.clock.now()).toBeGreaterThan(30 * 86_400_000 - 60_000);
  expect(browser.setCookies).toHaveLength(1);
  // No body contains the session value, so scripts cannot read it (ASVS 3.3.4).
  expect(answer.text).not.toContain(browser.value);
  expect((await browser.get('/auth/csrf')).body).toEqual({ csrf_token: answer.body.csrf_token });
});

test.each([
  ['http://localhost:3000', 'portero', 'Path=/; HttpOnly; SameSite=Lax'],
  ['https://auth.example.com', '__Host-portero', 'Path=/; Secure; HttpOnly; SameSite=Lax'],
])(
  'with PUBLIC_URL %s the cookie is %s with exactly the attributes %s [ASVS 3.3.1, 3.3.2, 3.3.3, 3.3.5]',
  async (url, name, attributes) => {
    await server.restart({ PUBLIC_URL: url });
    const browser = await signUp();
    const [line = ''] = browser.setCookies;
    expect(line).toBe(`${name}=${browser.value}; ${attributes}`);
    expect(line.length).toBeLessThanOrEqual(4096);
    expect(browser.value).toMatch(/^[\w-]{60}$/);
    expect(await browser.status()).toBe(200);
    const other = name === 'portero' ? '__Host-portero' : 'portero';
    expectProblem(await withCookie(`${other}=${browser.value}`), 401, 'token_missing');
    await server.restart({ PUBLIC_URL: 'http://localhost:3000' });
  },
);

test('a login sets a cookie only on request, and an unknown transport is rejected', async () => {
  await signUp();
  const login = { username: `user-${user}`, password: PASSWORD };
  for (const body of [login, { ...login, transport: 'bearer' }]) {
    const answer = await server.client.post('/login', { body });
    expect([answer.status, answer.headers.getSetCookie(), answer.body.token_type]).toEqual([200, [], 'Bearer']);
  }
  for (const transport of ['', 'Cookie', 'both']) {
    const answer = await server.client.post('/login', { body: { ...login, transport } });
    expectFaults(answer, ['/transport', 'transport_unknown']);
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
  const nothing = await server.client.post('/login', { body: { ...login, transport: null } });
  expectFaults(nothing, ['/transport', 'not_a_string']);
  const wrong = { ...login, password: 'wrong', transport: 'cookie' };
  const refused = await server.client.post('/login', { body: wrong });
  expectProblem(refused, 401, 'invalid_credentials');
  expect(refused.headers.getSetCookie()).toEqual([]);
});

test('rejects every flipped bit and every other spelling of a value without a database statement [ASVS 7.2.1]', async () => {
  const { value } = await signUp();
  const bytes = Buffer.from(value, 'base64url');
  const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy.toString('base64url');
  });
  const respelled = [`${value}=`, `${value}A`, value.slice(0, -1), bytes.toString('hex'), `"${value}"`, `%${value}`];
  const shuffled = [value.toUpperCase(), value.toLowerCase(), [...value].reverse().join('')];
  const statements = await statementsDuring(server, async () => {
    for (const forged of [...flipped, ...respelled, ...shuffled, 'null', 'undefined', '0'.repeat(60)]) {
      expectProblem(await withCookie(`portero=${forged}`), 401, 'session_invalid');
    }
  });
  expect(statements).toEqual([]);
  expect((await withCookie(`portero=${value}`)).status).toBe(200);
});

test('cookies and CSRF tokens stay valid while the secret is changed', async () => {
  const [former, next] = [7, 9].map((byte) => Buffer.alloc(32, byte).toString('base64url')) as [string, string];
  const browser = await signUp();
  await server.restart({ PORTERO_SECRET: next, PORTERO_SECRET_PREVIOUS: former });
  expect((await browser.post('/protected')).status).toBe(200);
  const { body } = await browser.get<{ csrf_token: string }>('/auth/csrf');
  expect(body.csrf_token).not.toBe(browser.csrf);
  expect((await browser.post('/protected', { headers: { 'X-CSRF-Token': body.csrf_token } })).status).toBe(200);
});

test.each<[string, (good: string) => string, number, string]>([
  ['two of one name', (good) => `portero=${good}; portero=${good}`, 401, 'session_invalid'],
  ['a planted one before it', (good) => `portero=planted; portero=${good}`, 401, 'session_invalid'],
  ['a planted one after it', (good) => `portero=${good};portero`, 401, 'session_invalid'],
  ['$Version before it', (good) => `$Version=1; portero=${good}; $Path=/`, 401, 'session_invalid'],
  ['quotes round the value', (good) => `portero="${good}"`, 401, 'session_invalid'],
  ['an empty value', () => 'portero=', 401, 'session_invalid'],
  ['no value', () => 'portero', 401, 'session_invalid'],
  ['8 kB of value', () => `portero=${'A'.repeat(8000)}`, 401, 'session_invalid'],
  ['a no-break space before the name', (good) => `\xa0portero=${good}`, 401, 'token_missing'],
  ['U+2000 before the name', (good) => `\xe2\x80\x80portero=${good}`, 401, 'token_missing'],
  ['a vertical tab before the name', (good) => `a=b;\x85portero=${good}`, 401, 'token_missing'],
  ['another letter case', (good) => `Portero=${good}`, 401, 'token_missing'],
  ['a comma as separator', (good) => `a=b, portero=${good}`, 401, 'token_missing'],
  ['an encoded name', (good) => `%70ortero=${good}`, 401, 'token_missing'],
])('rejects a Cookie header with %s [attack: cookie tricks]', async (_, header, status, code) => {
  const { value } = await signUp();
  const answer = await sendRaw(
    server.client.url,
    `GET /protected HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${header(value)}\r\n\r\n`,
  );
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code]);
});

test('joins two Cookie headers, so that a second session cookie is detected', async () => {
  const { cookie } = await signUp();
  const head = `GET /protected HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookie}\r\n`;
  expect((await sendRaw(server.client.url, `${head}Cookie: a=b\r\n\r\n`)).status).toBe(200);
  expect((await sendRaw(server.client.url, `${head}Cookie: ${cookie}\r\n\r\n`)).status).toBe(401);
});

test('accepts 8 kB of other cookies and rejects 17 kB', async () => {
  const { cookie } = await signUp();
  expect((await withCookie(`a=${'x'.repeat(8000)}; ${cookie}; =;;b`)).status).toBe(200);
  expectProblem(await withCookie(`a=${'x'.repeat(17_000)}; ${cookie}`), 431, 'headers_too_large');
});

test('uses a bearer token rather than the cookie beside it, also if the token is invalid', async () => {
  const browser = await signUp();
  const other = await server.client.signUp(`user-${++user}`);
  const { body } = await browser.get('/protected', { token: other.access_token });
  expect(body).toEqual({ logged_in_as: `user-${user}` });
  expect((await browser.post('/protected', { token: other.access_token, headers: NO_CSRF })).status).toBe(200);
  for (const token of [`${other.access_token}x`, '', browser.value, other.refresh_token]) {
    expectProblem(await browser.get('/protected', { token }), 401, 'token_malformed');
  }
  await server.client.post('/logout', { token: other.access_token });
  expectProblem(await browser.get('/protected', { token: other.access_token }), 401, 'token_revoked');
  expect(await browser.status()).toBe(200);
});
const NO_CSRF = { 'X-CSRF-Token': '' };

test('accepts neither a cookie value as a token nor a token as a cookie [attack: confusion]', async () => {
  const browser = await signUp();
  const tokens = await server.client.logIn(`user-${user}`);
  for (const text of [tokens.access_token, tokens.refresh_token, browser.csrf]) {
    expectProblem(await withCookie(`portero=${text}`), 401, 'session_invalid');
  }
  for (const text of [browser.value, browser.csrf as string]) {
    expectProblem(await server.client.get('/protected', { token: text }), 401, 'token_malformed');
    expectProblem(await server.client.refresh(text), 401, 'refresh_token_invalid');
  }
});

test('runs no statement for a recently seen session, however often it is used', async () => {
  const browser = await signUp();
  expect(await browser.status()).toBe(200);
  const statements = await statementsDuring(server, async () => {
    for (let time = 0; time < 100; time++) expect(await browser.status()).toBe(200);
    expect((await browser.post('/protected')).status).toBe(200);
  });
  expect(statements).toEqual([]);
  server.clock.advance(60_000);
  const later = await statementsDuring(server, async () => {
    for (let time = 0; time < 20; time++) expect(await browser.status()).toBe(200);
  });
  expect(later).toEqual([expect.stringMatching(/FROM sessions s JOIN users/)]);
});
