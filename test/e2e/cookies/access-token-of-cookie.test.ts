import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/** POST /auth/token: an access token for the session of a cookie. */
let server: TestServer;
let user = 0;
const start = async (settings: Record<string, string> = {}) => {
  server = await TestServer.start(settings);
};
afterEach(() => server.stop());

interface AccessToken {
  access_token: string;
  token_type: string;
  expires_in: number;
  code?: string;
}
const signUp = () => Browser.signUp(server, `user-${++user}`);
const issue = (browser: Browser) => browser.post<AccessToken>('/auth/token');
const use = (token: string) => server.client.get('/protected', { token });

test('issues an access token of the same session, without a refresh token', async () => {
  await start();
  const browser = await signUp();
  server.clock.advance(60_000);
  const answer = await issue(browser);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(browser.setCookies).toEqual([]);
  expect(answer.body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 });
  const claims = decodeJwt(answer.body.access_token);
  const [session] = await server
    .get(DataSource)
    .query('SELECT user_id, auth_time, amr FROM sessions WHERE id = $1', [claims.sid]);
  expect(claims).toMatchObject({ sub: session.user_id, amr: session.amr, preferred_username: `user-${user}` });
  expect(claims.auth_time).toBe(Math.floor(session.auth_time.getTime() / 1000));
  expect((claims.iat as number) - (claims.auth_time as number)).toBeGreaterThanOrEqual(60);
  expect((await use(answer.body.access_token)).status).toBe(200);
  expect(await browser.status()).toBe(200);
});

test('a logout revokes its tokens at once, and they stay revoked after a restart', async () => {
  await start({ ACCESS_TOKEN_TTL: '1h' });
  const service = await Service.register(server);
  const browser = await signUp();
  const { access_token: token } = (await issue(browser)).body;
  expect((await service.introspect(token)).body.active).toBe(true);
  expect((await browser.post('/auth/logout')).status).toBe(204);
  expectProblem(await use(token), 401, 'token_revoked');
  expect((await service.introspect(token)).body.active).toBe(false);
  // Longer than the revocation of a session without access tokens is kept.
  server.clock.advance(10 * 60_000);
  await server.restart();
  expectProblem(await use(token), 401, 'token_revoked');
});

test('no token that is issued while the session ends outlives it', async () => {
  await start({ ACCESS_TOKEN_TTL: '1h' });
  const browser = await signUp();
  const headers = { Cookie: browser.cookie as string, 'X-CSRF-Token': browser.csrf as string };
  const issuing = Array.from({ length: 20 }, () => server.client.post<AccessToken>('/auth/token', { headers }));
  const logout = server.client.post('/auth/logout', { headers });
  const answers = await Promise.all(issuing);
  expect((await logout).status).toBe(204);
  server.clock.advance(10 * 60_000);
  await server.restart();
  const issued = answers.filter(({ status }) => status === 200);
  for (const { body } of issued) expectProblem(await use(body.access_token), 401, 'token_revoked');
  const others = answers.filter(({ status }) => status !== 200);
  for (const answer of others) expectProblem(answer, 401, 'session_revoked');
});

test.each([
  [
    'a password change',
    (browser: Browser) =>
      browser.post('/users/me/password', {
        body: { current_password: PASSWORD, new_password: `${PASSWORD} two` },
      }),
  ],
  ['the end of all sessions', (browser: Browser) => browser.delete('/auth/sessions')],
] as const)('%s ends its tokens', async (_, end) => {
  await start();
  const browser = await signUp();
  const { access_token: token } = (await issue(browser)).body;
  expect((await end(browser)).status).toBe(204);
  expectProblem(await use(token), 401, 'token_revoked');
});

test('a password change with a token of a cookie session gives it a new cookie, and the old one ends [attack: revoked cookie, fixation]', async () => {
  await start();
  const browser = await signUp();
  const thief = { headers: { Cookie: browser.cookie as string } };
  const { access_token: token } = (await issue(browser)).body;
  const body = { current_password: PASSWORD, new_password: `${PASSWORD} two` };
  expect((await browser.post('/users/me/password', { token, body })).status).toBe(204);
  expectProblem(await server.client.get('/protected', thief), 401, 'session_revoked');
  expectProblem(await use(token), 401, 'token_revoked');
  browser.csrf = (await browser.get<{ csrf_token: string }>('/auth/csrf')).body.csrf_token;
  expect((await issue(browser)).status).toBe(200);
});

test('a password change with a token of a cookie session that has ended changes nothing', async () => {
  await start();
  const browser = await signUp();
  const { access_token: token } = (await issue(browser)).body;
  await server.get(DataSource).query("UPDATE sessions SET ended_at = now(), end_reason = 'logout'");
  const body = { current_password: PASSWORD, new_password: `${PASSWORD} two` };
  expectProblem(await server.client.post('/users/me/password', { token, body }), 401, 'token_revoked');
  await browser.logIn(`user-${user}`);
});

test.each([
  ['the end of the session', { SESSION_TTL: '10m', ACCESS_TOKEN_TTL: '1h' }, 600],
  ['the idle timeout', { SESSION_IDLE_TTL: '2m', ACCESS_TOKEN_TTL: '1h' }, 120],
])('a token does not outlive %s', async (_, settings, seconds) => {
  await start(settings);
  server.clock.stop();
  const browser = await signUp();
  const { access_token: token, expires_in } = (await issue(browser)).body;
  expect(expires_in).toBe(seconds);
  const { iat, exp } = decodeJwt(token);
  expect((exp as number) - (iat as number)).toBe(seconds);
});

test('requires the cookie and the CSRF token, and refuses an access token [attack: CSRF]', async () => {
  await start();
  const browser = await signUp();
  const { access_token: token } = (await issue(browser)).body;
  expectProblem(await server.client.post('/auth/token'), 401, 'token_missing');
  expectProblem(await browser.post('/auth/token', { headers: { 'X-CSRF-Token': '' } }), 403, 'csrf_failed');
  const foreign = { Origin: 'https://other.example' };
  expectProblem(await browser.post('/auth/token', { headers: foreign }), 403, 'csrf_failed');
  // Otherwise an access token could renew itself.
  expectProblem(await server.client.post('/auth/token', { token }), 403, 'cookie_required');
  expectProblem(await browser.post('/auth/token', { token }), 403, 'cookie_required');
  const { access_token: other } = await server.client.signUp('ana');
  expectProblem(await server.client.post('/auth/token', { token: other }), 403, 'cookie_required');
});

test('issues nothing for a session that ended after the guard has checked it', async () => {
  await start();
  const browser = await signUp();
  const id = decodeJwt((await issue(browser)).body.access_token).sid;
  await server.get(DataSource).query("UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id = $1", [id]);
  expectProblem(await issue(browser), 401, 'session_revoked');
});

test('limits the tokens of an account', async () => {
  await start({ RATE_LIMIT: 'on', LIMIT_TOKENS: '3/1m' });
  const logIn = async (username: string) => {
    await server.client.signUp(username);
    return await cookieSession(server.client, username);
  };
  const [ana, ben] = [await logIn('ana'), await logIn('ben')];
  const issueFor = (session: typeof ana) => server.client.post('/auth/token', session);
  for (let n = 0; n < 3; n++) expect((await issueFor(ana)).status).toBe(200);
  const refused = await issueFor(ana);
  expectProblem(refused, 429, 'too_many_requests');
  expect(refused.headers.get('ratelimit-policy')).toBe('"tokens";q=3;w=60');
  expect((await issueFor(ben)).status).toBe(200);
});

test('records an issued token like a refresh: only with AUDIT_REFRESH=on', async () => {
  await start();
  const browser = await signUp();
  const events = async () => {
    const { body } = await browser.get<{ events: { type: string }[] }>('/users/me/events');
    return body.events.filter(({ type }) => type === 'token.issued').length;
  };
  await issue(browser);
  expect(await events()).toBe(0);
  await server.restart({ AUDIT_REFRESH: 'on' });
  await issue(browser);
  expect(await events()).toBe(1);
});
