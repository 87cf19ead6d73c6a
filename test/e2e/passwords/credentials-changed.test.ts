import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { deviceCookie, LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { statementsDuring } from '../../support/statements.js';

/** Causes and effects of changes to a user's credentials_changed_at. */
let server: TestServer;
let username: string;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
beforeEach(async () => {
  username = `user-${++user}`;
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

const NEW = 'another passphrase, as uncommon';
const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);
const logIn = (password = PASSWORD, cookie = '', name = username) =>
  server.client.post('/auth/login', {
    body: { username: name, password },
    headers: cookie === '' ? {} : { Cookie: cookie },
  });
const stamps = async () => {
  const [row] = await sql('SELECT credentials_changed_at, updated_at FROM users WHERE username = $1', [username]);
  return row as { credentials_changed_at: Date; updated_at: Date };
};
const stamp = async () => (await stamps()).credentials_changed_at.getTime();

async function lock(): Promise<void> {
  for (let n = 0; n < 5; n++) await logIn('not the password');
  expectProblem(await logIn(), 429, 'too_many_attempts');
}

/** Logs in, and runs something after the password was verified. */
async function logInDuring(work: () => Promise<unknown>): Promise<Answer> {
  const hasher = server.get(PasswordHasher);
  const { verify } = hasher;
  jest.spyOn(hasher, 'verify').mockImplementationOnce(async (...parameters) => {
    const result = await verify.apply(hasher, parameters);
    await work();
    return result;
  });
  return await logIn();
}

test('a new user has the time of registration in credentials_changed_at', async () => {
  const { credentials_changed_at, updated_at } = await stamps();
  expect(credentials_changed_at).toEqual(updated_at);
});

test('a change of anything else neither rejects a login in progress nor forgets a known device', async () => {
  const device = deviceCookie((await logIn()).headers);
  const rename = () =>
    sql(`UPDATE users SET email_verified = true, updated_at = now() + interval '1 h' WHERE username = $1`, [username]);
  expect((await logInDuring(rename)).status).toBe(200);
  await lock();
  expect((await logIn(PASSWORD, device)).status).toBe(200);
});

test('a rehash at login does not change credentials_changed_at', async () => {
  const hash = async () =>
    (await sql('SELECT password_hash AS hash FROM users WHERE username = $1', [username]))[0].hash as string;
  const [before, old, device] = [await stamps(), await hash(), deviceCookie((await logIn()).headers)];
  await server.restart({ BCRYPT_COST: '5' });
  try {
    expect((await logIn()).status).toBe(200);
    expect(await hash()).not.toBe(old);
    expect(await stamps()).toEqual(before);
    await lock();
    expect((await logIn(PASSWORD, device)).status).toBe(200);
  } finally {
    await server.restart({ BCRYPT_COST: '4' });
  }
});

test('a password change updates credentials_changed_at, rejects a login in progress and forgets known devices', async () => {
  const first = await logIn();
  const device = deviceCookie(first.headers);
  const { access_token: token } = first.body as { access_token: string };
  const [before, change] = [await stamp(), { current_password: PASSWORD, new_password: NEW }];
  // The device cookie and credentials_changed_at both have millisecond precision.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const late = await logInDuring(() => server.client.post('/users/me/password', { token, body: change }));
  expectProblem(late, 401, 'session_revoked');
  expect(await stamp()).toBeGreaterThan(before);
  expect((await logIn(NEW)).status).toBe(200);
  await lock();
  expectProblem(await logIn(NEW, device), 429, 'too_many_attempts');
});

test('disabling and enabling update credentials_changed_at', async () => {
  const now = new Date();
  const before = await stamp();
  const { setNewStamp } = await import('../../../src/users/proof-stamp.js');
  for (const value of ['$2', 'NULL']) {
    await sql(`UPDATE users SET disabled_at = ${value}, ${setNewStamp('$2')} WHERE username = $1`, [username, now]);
  }
  expect(await stamp()).toBeGreaterThanOrEqual(before + 2);
  expect((await stamps()).updated_at.getTime()).toBeGreaterThanOrEqual(before + 2);
});

test('a login of a user without a password fails like that of an unknown user', async () => {
  await sql('UPDATE users SET password_hash = NULL WHERE username = $1', [username]);
  const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
  const [statements, answers]: [string[][], Answer[]] = [[], []];
  for (const name of [username, 'nobody']) {
    statements.push(await statementsDuring(server, async () => answers.push(await logIn(PASSWORD, '', name))));
  }
  const [without, unknown] = answers.map((answer) => {
    expectProblem(answer, 401, 'invalid_credentials');
    const { 'x-request-id': _, date: __, ratelimit: ___, ...headers } = Object.fromEntries(answer.headers);
    return { headers, body: { ...answer.body, request_id: '' } };
  });
  expect(without).toEqual(unknown);
  expect(statements[0]).toEqual(statements[1]);
  // Both compute the current scheme once, against no stored hash.
  expect(verify.mock.calls.map(([password, stored]) => [password, stored ?? null])).toEqual([
    [PASSWORD, null],
    [PASSWORD, null],
  ]);
  const events = await sql(
    `SELECT user_id IS NOT NULL AS known, result, details FROM audit_events WHERE type = 'login' ORDER BY id DESC LIMIT 2`,
  );
  const code = 'invalid_credentials';
  expect(events).toEqual([
    { known: false, result: 'refused', details: { code, reason: 'unknown_user', name: expect.any(String) } },
    { known: true, result: 'refused', details: { code, reason: 'no_password' } },
  ]);
  for (const name of [username, 'nobody']) {
    for (let n = 0; n < 4; n++) await logIn('a wrong one', '', name);
    expectProblem(await logIn('a wrong one', '', name), 429, 'too_many_attempts');
  }
});

test('rejects a user without a password if a password is required, and changes nothing', async () => {
  const { access_token: token } = (await logIn()).body as { access_token: string };
  await sql('UPDATE users SET password_hash = NULL WHERE username = $1', [username]);
  const change = { current_password: PASSWORD, new_password: NEW };
  expectProblem(await server.client.post('/users/me/password', { token, body: change }), 403, 'wrong_password');
  expectProblem(
    await server.client.call('DELETE', '/users/me', { token, body: { password: PASSWORD } }),
    403,
    'wrong_password',
  );
  expect((await server.client.get('/users/me', { token })).status).toBe(200);
});
