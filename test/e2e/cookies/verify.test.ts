import { decodeJwt } from 'jose';
import { Browser } from '../../support/browser.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** GET /auth/verify, which a reverse proxy calls before each request to a backend. */
let server: TestServer;
let user = 0;
const start = async (settings: Record<string, string> = {}) => {
  server = await TestServer.start(settings);
};
afterEach(() => server.stop());

const signUp = () => Browser.signUp(server, `user-${++user}`);
/** A sub-request: always GET, with the headers of the original request and its method. */
const verify = (browser: Browser, method?: string, headers: Record<string, string> = {}) =>
  browser.get<{ code?: string }>('/auth/verify', {
    headers: { ...(method === undefined ? {} : { 'X-Forwarded-Method': method }), ...headers },
  });
const named = ({ headers }: Answer<unknown>) =>
  ['x-auth-user', 'x-auth-name', 'x-auth-session'].map((name) => headers.get(name));

test('responds with the user, the name and the session of a cookie in headers, and with no body', async () => {
  await start();
  const browser = await signUp();
  const { body: me } = await browser.get<{ id: string }>('/users/me');
  const { body: list } = await browser.get<{ sessions: { id: string; current: boolean }[] }>('/auth/sessions');
  const answer = await verify(browser);
  expect([answer.status, answer.text]).toEqual([200, '']);
  expect(named(answer)).toEqual([me.id, `user-${user}`, list.sessions.find(({ current }) => current)?.id]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('accepts an access token, for any original method', async () => {
  await start();
  const { access_token: token } = await server.client.signUp('ana');
  const { sub, sid } = decodeJwt(token);
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await server.client.get('/auth/verify', { token, headers: { 'X-Forwarded-Method': method } });
    expect([answer.status, ...named(answer)]).toEqual([200, sub, 'ana', sid]);
  }
});

test.each([
  ['ana@example.com', 'ana@example.com'],
  ['José García', 'Jos%C3%A9%20Garc%C3%ADa'],
  ['100%+1', '100%25%2B1'],
  ['名前', '%E5%90%8D%E5%89%8D'],
])('sends the name %s as %s, which decodes to it', async (name, sent) => {
  await start();
  const names = name.includes('@') ? { username: name, email: name } : { username: name };
  await server.client.post('/auth/register', { body: { ...names, password: PASSWORD } });
  const { access_token: token } = await server.client.logIn(name);
  const { headers } = await server.client.get('/auth/verify', { token });
  expect(headers.get('x-auth-name')).toBe(sent);
  expect(decodeURIComponent(sent)).toBe(name);
});

test('rejects missing, forged and ended credentials as every other route does', async () => {
  await start();
  const browser = await signUp();
  expectProblem(await server.client.get('/auth/verify'), 401, 'token_missing');
  expectProblem(await server.client.get('/auth/verify', { token: 'x' }), 401, 'token_malformed');
  expectProblem(await verify(browser, 'GET', { Cookie: 'portero=forged' }), 401, 'session_invalid');
  const { cookie } = browser;
  await browser.post('/auth/logout');
  const answer = await verify(browser, 'GET', { Cookie: cookie as string });
  expectProblem(answer, 401, 'session_revoked');
  expect(named(answer)).toEqual([null, null, null]);
});

test('requires the CSRF token of the session if the original method is not safe [attack: CSRF]', async () => {
  await start();
  const [browser, other] = [await signUp(), await signUp()];
  for (const method of ['GET', 'HEAD', 'OPTIONS', undefined]) expect((await verify(browser, method)).status).toBe(200);
  const token = { 'X-CSRF-Token': browser.csrf as string };
  const own = { ...token, Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-origin' };
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY', '', 'GET, POST']) {
    expectProblem(await verify(browser, method), 403, 'csrf_failed');
    expectProblem(await verify(browser, method, { 'X-CSRF-Token': other.csrf as string }), 403, 'csrf_failed');
    expectProblem(await verify(browser, method, { ...own, Origin: 'null' }), 403, 'csrf_failed');
    expectProblem(await verify(browser, method, { ...own, 'Sec-Fetch-Site': 'cross-site' }), 403, 'csrf_failed');
    expect((await verify(browser, method, token)).status).toBe(200);
    expect((await verify(browser, method, own)).status).toBe(200);
  }
});

test('no other route reads X-Forwarded-Method', async () => {
  await start();
  const browser = await signUp();
  const headers = { 'X-Forwarded-Method': 'GET', 'X-CSRF-Token': '' };
  expectProblem(await browser.post('/protected', { headers }), 403, 'csrf_failed');
  const answer = await browser.get('/protected', { headers: { 'X-Forwarded-Method': 'POST' } });
  expect(answer.status).toBe(200);
});

test('counts a verification by session, so other users of its address cannot lock it out [attack: limiter evasion]', async () => {
  await start({ RATE_LIMIT: 'on', LIMIT_REQUESTS: '30/1m', LIMIT_VERIFICATIONS: '50/1m' });
  server.clock.stop();
  const logIn = async (username: string) => {
    await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
    return (await cookieSession(server.client, username)).headers;
  };
  const [ana, ben] = [await logIn('ana'), await logIn('ben')];
  const verifyFor = (headers: Record<string, string>) => server.client.get('/auth/verify', { headers });
  for (let n = 0; n < 49; n++) expect((await verifyFor(ana)).status).toBe(200);
  expect((await verifyFor(ana)).headers.get('ratelimit')).toBe('"verifications";r=0;t=60');
  expectProblem(await verifyFor(ana), 429, 'too_many_requests');
  expect((await verifyFor(ben)).status).toBe(200);
  const statuses: number[] = [];
  for (let n = 0; n < 30; n++) statuses.push((await verifyFor({ Cookie: 'portero=forged' })).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  expectProblem(await server.client.get('/auth/verify'), 429, 'too_many_requests');
  expectProblem(await server.client.get('/health/live'), 429, 'too_many_requests');
  expect((await verifyFor(ben)).status).toBe(200);
});

test('without a session, a verification counts for the address that the proxy forwards', async () => {
  await start({ RATE_LIMIT: 'on', LIMIT_REQUESTS: '3/1m', TRUST_PROXY: '127.0.0.1' });
  const verifyFrom = (address: string) =>
    server.client.get('/auth/verify', { headers: { 'X-Forwarded-For': address, Cookie: 'portero=forged' } });
  for (let n = 0; n < 3; n++) expectProblem(await verifyFrom('203.0.113.1'), 401, 'session_invalid');
  expectProblem(await verifyFrom('203.0.113.1'), 429, 'too_many_requests');
  expectProblem(await verifyFrom('203.0.113.2'), 401, 'session_invalid');
});

test('a verification counts as a use of the session', async () => {
  await start({ SESSION_IDLE_TTL: '10m' });
  const browser = await signUp();
  for (let n = 0; n < 4; n++) {
    server.clock.advance(6 * 60_000);
    expect((await verify(browser)).status).toBe(200);
  }
  server.clock.advance(11 * 60_000);
  expectProblem(await verify(browser), 401, 'session_expired');
});
