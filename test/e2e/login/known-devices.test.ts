import { type Answer, PASSWORD } from '../../support/client.js';
import { deviceCookie, LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** ASVS 6.1.1: strangers who guess passwords can't lock a user out; attack rows "cookie tricks" and "limiter evasion". */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterAll(() => server.stop());

const logIn = (username: string, password = PASSWORD, cookie = '') =>
  server.client.post('/auth/login', { body: { username, password }, headers: cookie ? { Cookie: cookie } : {} });

/** A user who has logged in from a device, with the cookie of that device. */
async function knownUser(): Promise<{ username: string; cookie: string }> {
  user += 1;
  const username = `user${user}`;
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
  return { username, cookie: deviceCookie((await logIn(username)).headers) };
}

async function lock(username: string): Promise<void> {
  for (let n = 0; n < 5; n++) await logIn(username, 'not the password');
}

const expectLocked = (answer: Answer) => expectProblem(answer, 429, 'too_many_attempts');

test('accepts the right password from a known device during a lockout', async () => {
  const { username, cookie } = await knownUser();
  await lock(username);
  expectLocked(await logIn(username));
  expect((await logIn(username, PASSWORD, cookie)).status).toBe(200);
  expect((await logIn(username, PASSWORD, `other=1; ${cookie}; more=2`)).status).toBe(200);
  expectLocked(await logIn(username));
});

test('limits guesses made with a stolen device cookie by a separate counter and a lockout of its own', async () => {
  const { username, cookie } = await knownUser();
  await lock(username);
  for (let n = 0; n < 5; n++) {
    expectProblem(await logIn(username, 'not the password', cookie), 401, 'invalid_credentials');
  }
  expectLocked(await logIn(username, PASSWORD, cookie));
  // Logging in again with it after the wait does not reset the counter.
  server.clock.advance(31_000);
  await logIn(username, 'not the password');
  const again = deviceCookie((await logIn(username, PASSWORD, cookie)).headers);
  for (let n = 0; n < 5; n++) await logIn(username, 'not the password', again);
  expectLocked(await logIn(username, PASSWORD, cookie));
});

test('a device cookie bypasses the lockout of its own user only, and not if it is altered, doubled or expired', async () => {
  const { username, cookie } = await knownUser();
  const stranger = await knownUser();
  await lock(username);
  const [name = '', value = ''] = cookie.split('=');
  const last = value.at(-1) === 'A' ? 'B' : 'A';
  const bad = [
    stranger.cookie,
    `${name}=`,
    `${name}=${value.slice(0, -1)}${last}`,
    `${name}=${value.slice(0, 30)}${value[30] === 'x' ? 'y' : 'x'}${value.slice(31)}`,
    `${cookie}; ${cookie}`,
    `__Host-${cookie}`,
    cookie.toUpperCase(),
    // A Unicode space is part of the name, so this is another cookie.
    `\xa0${cookie}`,
    `$Version=1; ${cookie}`,
  ];
  for (const one of bad) expectLocked(await logIn(username, PASSWORD, one));
  server.clock.advance(365 * 86_400_000);
  await lock(username);
  expectLocked(await logIn(username, PASSWORD, cookie));
});

test('after a password change only the device that made it is known', async () => {
  const { username, cookie } = await knownUser();
  const { access_token: token } = await server.client.logIn(username);
  const next = `${PASSWORD} two`;
  const changed = await server.client.post('/users/me/password', {
    token,
    body: { current_password: PASSWORD, new_password: next },
  });
  expect(changed.status).toBe(204);
  await lock(username);
  expectLocked(await logIn(username, next, cookie));
  expect((await logIn(username, next, deviceCookie(changed.headers))).status).toBe(200);
});

test('the device cookie is HttpOnly and contains nothing about the user [attack: cookie tricks]', async () => {
  const { username } = await knownUser();
  const answer = await logIn(username);
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^portero-device=[\w-]{95}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/),
  ]);
  expect((await logIn(username, 'not the password')).headers.getSetCookie()).toEqual([]);
  await server.restart({ PUBLIC_URL: 'https://auth.example.com' });
  expect((await logIn(username)).headers.getSetCookie()).toEqual([
    expect.stringMatching(
      /^__Host-portero-device=[\w-]{95}; Path=\/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax$/,
    ),
  ]);
});
