import { DataSource } from 'typeorm';
import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** What ends a cookie session: a login, a logout, a password change, the deletion of the user. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const NEW = 'another passphrase, as uncommon';
const signUp = () => Browser.signUp(server, `user-${++user}`);
const name = () => `user-${user}`;
const expectDead = async (cookie: string | undefined, code = 'session_revoked') =>
  expectProblem(await server.client.get('/protected', { headers: { Cookie: cookie as string } }), 401, code);
const CLEARED = ['portero=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'];

/** The current cookie, CSRF token and session of a browser. */
const snapshot = ({ cookie, csrf }: Browser) => ({ cookie, csrf });

test('a login starts a new session with a new cookie and ends the previous one [ASVS 7.2.4]', async () => {
  const browser = await signUp();
  const before = snapshot(browser);
  await browser.logIn(name());
  expect(browser.cookie).not.toBe(before.cookie);
  expect(browser.csrf).not.toBe(before.csrf);
  await expectDead(before.cookie);
  expect(await browser.status()).toBe(200);
});

test("never adopts a planted cookie, not even an attacker's valid one [attack: revoked cookie, fixation]", async () => {
  const attacker = await signUp();
  const planted = attacker.cookie as string;
  const attackerName = name();
  const victim = new Browser(server);
  victim.cookie = planted;
  await server.client.post('/register', { body: { username: `user-${++user}`, password: PASSWORD } });
  await victim.logIn(name());
  expect(victim.cookie).not.toBe(planted);
  await expectDead(planted);
  expect((await victim.get('/protected')).body).toEqual({ logged_in_as: name() });
  expect(attackerName).not.toBe(name());
});

test.each([
  'portero=planted',
  'portero=',
  `portero=${'A'.repeat(60)}`,
  'portero=a; portero=b',
  '$Version=1; portero=a',
])('a login sent with %s works and gets a new cookie', async (planted) => {
  await server.client.post('/register', { body: { username: `user-${++user}`, password: PASSWORD } });
  const browser = new Browser(server);
  await browser.logIn(name(), PASSWORD, { Cookie: planted });
  expect(browser.value).toMatch(/^[\w-]{60}$/);
  expect(await browser.status()).toBe(200);
});

test('a failed login does not affect the session of the cookie that was sent', async () => {
  const browser = await signUp();
  const body = { username: name(), password: 'wrong', transport: 'cookie' };
  expectProblem(await browser.post('/login', { body }), 401, 'invalid_credentials');
  expect(browser.setCookies).toEqual([]);
  expect(await browser.status()).toBe(200);
});

test('logout ends the session and clears the cookie and the site data [ASVS 7.4.1]', async () => {
  const browser = await signUp();
  const before = snapshot(browser);
  const answer = await browser.post('/auth/logout');
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(browser.setCookies).toEqual(CLEARED);
  // Not "cookies": that would clear those of every other host under the same registrable domain.
  expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
  await expectDead(before.cookie);
  const headers = { Cookie: before.cookie as string, 'X-CSRF-Token': before.csrf as string };
  expect((await server.client.post('/logout', { headers })).status).toBe(204);
  await server.restart();
  await expectDead(before.cookie);
});

test('logout accepts an expired cookie with a valid signature, and rejects a forged one', async () => {
  const browser = await signUp();
  server.clock.advance(31 * 60_000);
  expect(await browser.status()).toBe(401);
  expect((await browser.post('/logout')).status).toBe(204);
  expect(browser.cookie).toBeUndefined();
  expectProblem(await server.client.post('/logout', { headers: { Cookie: 'portero=x' } }), 401, 'session_invalid');
});

test.each<[string, object, string]>([
  ['an empty bearer token', { token: '' }, 'token_malformed'],
  ['a bad bearer token', { token: 'bad' }, 'token_malformed'],
  ['an empty refresh token', { body: { refresh_token: '' } }, 'refresh_token_invalid'],
])('a logout with %s beside a valid cookie is rejected and does not end the session', async (_, options, code) => {
  const browser = await signUp();
  expectProblem(await browser.post('/logout', options), 401, code);
  expect(await browser.status()).toBe(200);
});

test('a logout with a token does not end the session of the cookie beside it', async () => {
  const browser = await signUp();
  const tokens = await server.client.logIn(name());
  const answer = await browser.post('/logout', { token: tokens.access_token });
  expect([answer.status, browser.setCookies, answer.headers.get('clear-site-data')]).toEqual([204, [], null]);
  expect(await browser.status()).toBe(200);
});

test('a password change continues the session with a new cookie and invalidates every old value [ASVS 7.4.3]', async () => {
  const browser = await signUp();
  const elsewhere = new Browser(server);
  await elsewhere.logIn(name());
  const tokens = await server.client.logIn(name());
  const before = snapshot(browser);
  const answer = await browser.post('/users/me/password', { body: { current_password: PASSWORD, new_password: NEW } });
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(browser.setCookies).toEqual([expect.stringMatching(/^portero=[\w-]{60}; Path=\/; HttpOnly; SameSite=Lax$/)]);
  await expectDead(before.cookie);
  await expectDead(elsewhere.cookie);
  expectProblem(await server.client.get('/protected', { token: tokens.access_token }), 401, 'token_revoked');
  // The old CSRF token belongs to the ended session. The client can request the new one.
  expectProblem(await browser.post('/protected'), 403, 'csrf_failed');
  browser.csrf = (await browser.get<{ csrf_token: string }>('/auth/csrf')).body.csrf_token;
  expect(browser.csrf).not.toBe(before.csrf);
  expect((await browser.post('/protected')).status).toBe(200);
});

test('a rejected password change does not change the cookie', async () => {
  const browser = await signUp();
  const wrong = { current_password: 'wrong', new_password: NEW };
  expectProblem(await browser.post('/users/me/password', { body: wrong }), 403, 'wrong_password');
  const weak = { current_password: PASSWORD, new_password: 'password' };
  expectProblem(await browser.post('/users/me/password', { body: weak }), 422, 'password_rejected');
  expect(browser.setCookies).toEqual([]);
  expect((await browser.post('/protected')).status).toBe(200);
});

test("a password change with a bearer session's token ends cookie sessions and sets no cookie", async () => {
  const browser = await signUp();
  const { access_token: token } = await server.client.logIn(name());
  const body = { current_password: PASSWORD, new_password: NEW };
  const answer = await server.client.post('/users/me/password', { token, body });
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []]);
  await expectDead(browser.cookie);
  expect((await server.client.get('/protected', { token })).status).toBe(200);
});

test('deleting the user ends the cookie session and clears the cookie [ASVS 7.4.2]', async () => {
  const browser = await signUp();
  const elsewhere = new Browser(server);
  await elsewhere.logIn(name());
  const { cookie } = snapshot(browser);
  const answer = await browser.delete('/users/me', { body: { password: PASSWORD } });
  expect([answer.status, browser.setCookies]).toEqual([204, CLEARED]);
  expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
  await expectDead(cookie);
  await expectDead(elsewhere.cookie);
  await server.restart();
  await expectDead(elsewhere.cookie);
});

test('rejects the cookie within a minute after another program has disabled the user', async () => {
  const browser = await signUp();
  await server.get(DataSource).query('UPDATE users SET disabled_at = now() WHERE username = $1', [name()]);
  server.clock.advance(60_000);
  expectProblem(await browser.get('/protected'), 401, 'session_revoked');
  const body = { username: name(), password: PASSWORD, transport: 'cookie' };
  expectProblem(await server.client.post('/login', { body }), 401, 'invalid_credentials');
});
