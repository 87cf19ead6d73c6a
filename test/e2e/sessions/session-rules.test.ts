import { decodeJwt } from 'jose';
import { type Answer, type CallOptions, PASSWORD } from '../../support/client.js';
import { fingerprint } from '../../support/everything.js';
import { expectProblem } from '../../support/matchers.js';
import { documentedRoutes } from '../../support/routes.js';
import { TestServer } from '../../support/server.js';

/** Sessions, cookies and tokens. Each title names the ASVS requirements that it proves. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start({ PUBLIC_URL: 'https://auth.example.com', MAX_SESSIONS_PER_USER: '3' });
});
afterAll(() => server.stop());

interface CookieLogin {
  csrf_token: string;
}
const cookieOf = ({ headers }: Answer<unknown>) =>
  (headers.getSetCookie().find((line) => line.startsWith('__Host-portero=')) as string).split(';')[0] as string;

/** Registers a new user and logs in as a browser would. */
async function logInByCookie(options: CallOptions = {}, name = `person-${++user}`) {
  await server.client.post('/auth/register', { body: { username: name, password: PASSWORD } });
  const body = { username: name, password: PASSWORD, transport: 'cookie' };
  const answer = await server.client.post<CookieLogin>('/auth/login', { body, ...options });
  expect(answer.status).toBe(200);
  return { name, answer, cookie: cookieOf(answer), csrf: answer.body.csrf_token };
}
const see = (cookie: string) => server.client.get('/protected', { headers: { Cookie: cookie } });
const change = (path: string, cookie: string, csrf?: string, headers: Record<string, string> = {}) =>
  server.client.post(path, { headers: { Cookie: cookie, ...(csrf ? { 'X-CSRF-Token': csrf } : {}), ...headers } });

test('every cookie is Secure, HttpOnly, SameSite=Lax, limited to this host with Path=/, and small [ASVS 3.3.1, 3.3.2, 3.3.3, 3.3.5]', async () => {
  await server.restart({ RATE_LIMIT: 'on' });
  const { answer, cookie, csrf } = await logInByCookie();
  const others = [
    await change('/auth/logout', cookie, csrf),
    await server.client.post('/auth/login', { body: { username: 'person-1', password: PASSWORD } }),
  ];
  const lines = [answer, ...others].flatMap(({ headers }) => headers.getSetCookie());
  expect(lines.length).toBeGreaterThanOrEqual(4);
  for (const line of lines) {
    expect(line).toMatch(/^__Host-portero(-device)?=[\w-]*; /);
    for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax'])
      expect(line.split('; ')).toContain(attribute);
    expect(line).not.toMatch(/domain/i);
    expect(line.length).toBeLessThan(4096);
  }
  await server.restart({ RATE_LIMIT: 'off' });
});

test('a cookie login issues no token, and no response body contains the cookie value [ASVS 3.3.4, 10.1.1]', async () => {
  const { answer, cookie } = await logInByCookie();
  const value = cookie.split('=')[1] as string;
  expect(answer.text).not.toMatch(/access_token|refresh_token|eyJ/);
  for (const path of ['/protected', '/users/me', '/auth/csrf', '/auth/verify', '/auth/sessions']) {
    const { status, text } = await server.client.get(path, { headers: { Cookie: cookie } });
    expect([path, status]).toEqual([path, 200]);
    expect(text).not.toContain(value);
  }
  expect(answer.text).not.toContain(value);
});

test('an unsafe request with a cookie needs the CSRF token of the same session and an allowed origin [ASVS 3.5.1] [attack: CSRF, login CSRF]', async () => {
  const mine = await logInByCookie();
  const other = await logInByCookie();
  const refused: [string | undefined, Record<string, string>][] = [
    [undefined, {}],
    ['x', {}],
    [other.csrf, {}],
    [mine.csrf, { Origin: 'null' }],
    [mine.csrf, { Origin: 'https://evil.example' }],
    [mine.csrf, { 'Sec-Fetch-Site': 'cross-site' }],
    [mine.csrf, { Origin: 'https://auth.example.com', 'Sec-Fetch-Site': 'cross-site' }],
  ];
  for (const path of ['/protected', '/auth/logout']) {
    for (const [token, headers] of refused) {
      expectProblem(await change(path, mine.cookie, token, headers), 403, 'csrf_failed');
    }
  }
  const login = { username: mine.name, password: PASSWORD, transport: 'cookie' };
  const crossSite = { body: login, headers: { 'Sec-Fetch-Site': 'cross-site' } };
  expectProblem(await server.client.post('/auth/login', crossSite), 403, 'csrf_failed');
  expect((await change('/protected', mine.cookie, mine.csrf, { Origin: 'https://auth.example.com' })).status).toBe(200);
});

test('GET, HEAD and OPTIONS change no row and start no session, whatever credentials they have [ASVS 3.5.3, 7.6.2]', async () => {
  const { cookie, name } = await logInByCookie();
  const { access_token: token, refresh_token } = await server.client.logIn(name);
  const before = await fingerprint(server);
  const paths = new Set((await documentedRoutes(server.client)).map(({ path }) => path));
  const query = `?username=${name}&password=${encodeURIComponent(PASSWORD)}&refresh_token=${refresh_token}&transport=cookie`;
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const options of [{ token }, { headers: { Cookie: cookie } }, { headers: { 'Sec-Purpose': 'prefetch' } }]) {
        const { headers } = await server.client.call(method, path + query, options as CallOptions);
        expect(headers.getSetCookie()).toEqual([]);
      }
    }
  }
  expect(await fingerprint(server)).toBe(before);
});

test('a login starts a new session with new values and ends the session of the cookie that was sent [ASVS 7.2.2, 7.2.4] [attack: revoked cookie, fixation]', async () => {
  const first = await logInByCookie();
  const second = await logInByCookie({ headers: { Cookie: first.cookie } }, first.name);
  expect(second.cookie).not.toBe(first.cookie);
  expectProblem(await see(first.cookie), 401, 'session_revoked');
  expect((await see(second.cookie)).status).toBe(200);
  const [one, two] = [await server.client.logIn(first.name), await server.client.logIn(first.name)];
  for (const claim of ['sid', 'jti'] as const) {
    expect(decodeJwt(one.access_token)[claim]).not.toBe(decodeJwt(two.access_token)[claim]);
  }
  expect(one.refresh_token).not.toBe(two.refresh_token);
});

test('logout ends the cookie session at once and makes the browser clear its data [ASVS 7.4.1, 14.3.1]', async () => {
  const { cookie, csrf } = await logInByCookie();
  const { status, headers } = await change('/auth/logout', cookie, csrf);
  expect(status).toBe(204);
  expect(headers.get('clear-site-data')).toBe('"cache", "storage"');
  expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-portero=; Max-Age=0; /)]);
  expectProblem(await see(cookie), 401, 'session_revoked');
});

test('a cookie session ends after 30 minutes without requests [ASVS 7.3.1]', async () => {
  const { cookie } = await logInByCookie();
  server.clock.advance(29 * 60_000);
  expect((await see(cookie)).status).toBe(200);
  server.clock.advance(30 * 60_000 + 1000);
  expectProblem(await see(cookie), 401, 'session_expired');
});

test('a cookie session in use still ends after 30 days [ASVS 7.3.2]', async () => {
  const { cookie } = await logInByCookie();
  const day = 86_400_000;
  await server.restart({ SESSION_IDLE_TTL: '2d' });
  for (let n = 0; n < 29; n++) {
    server.clock.advance(day);
    expect((await see(cookie)).status).toBe(200);
  }
  server.clock.advance(day);
  expectProblem(await see(cookie), 401, 'session_expired');
  await server.restart({ SESSION_IDLE_TTL: '30m' });
});

test('rejects an altered cookie or token, because the session state is on the server [ASVS 7.2.1, 11.3.3]', async () => {
  const { cookie, name } = await logInByCookie();
  for (const at of [20, 40, cookie.length - 4]) {
    const altered = cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1);
    expectProblem(await see(altered), 401, 'session_invalid');
  }
  const { access_token } = await server.client.logIn(name);
  const [head, , signature] = access_token.split('.');
  const claims = { ...decodeJwt(access_token), sub: '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001', role: 'admin' };
  const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
  expectProblem(await server.client.get('/protected', { token: forged }), 401, 'token_malformed');
});

test('ends the oldest session if there are more than the limit [ASVS 2.3.2]', async () => {
  const name = `person-${++user}`;
  const first = await server.client.signUp(name);
  for (let n = 0; n < 2; n++) await server.client.logIn(name);
  expect((await server.client.get('/protected', { token: first.access_token })).status).toBe(200);
  await server.client.logIn(name);
  expectProblem(await server.client.get('/protected', { token: first.access_token }), 401, 'token_revoked');
});

test('users can list their sessions and end one or all of them, and credentials of ended sessions are rejected [ASVS 7.5.2, 10.4.9]', async () => {
  const name = `person-${++user}`;
  const here = await server.client.signUp(name);
  const there = await server.client.logIn(name);
  const { body } = await server.client.get<{ sessions: { id: string; current: boolean }[] }>('/auth/sessions', {
    token: here.access_token,
  });
  expect(body.sessions.map(({ current }) => current)).toEqual([false, true]);
  const ended = await server.client.call('DELETE', `/auth/sessions/${body.sessions[0]?.id}`, {
    token: here.access_token,
  });
  expect(ended.status).toBe(204);
  expectProblem(await server.client.get('/protected', { token: there.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(there.refresh_token), 401, 'session_revoked');
  expect((await server.client.call('DELETE', '/auth/sessions', { token: here.access_token })).status).toBe(204);
  expectProblem(await server.client.refresh(here.refresh_token), 401, 'session_revoked');
});

test('a new user with the username of a deleted user has another id [ASVS 10.3.3]', async () => {
  const name = `person-${++user}`;
  const former = await server.client.signUp(name);
  await server.client.call('DELETE', '/users/me', { token: former.access_token, body: { password: PASSWORD } });
  const latter = await server.client.signUp(name);
  expect(decodeJwt(latter.access_token).sub).not.toBe(decodeJwt(former.access_token).sub);
  expectProblem(await server.client.get('/users/me', { token: former.access_token }), 401, 'token_revoked');
});
