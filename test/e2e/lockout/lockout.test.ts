import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { Busy } from '../../../src/passwords/passwords.errors.js';
import { ExpiredCounts } from '../../../src/rate-limits/expired-counts.js';
import { PASSWORD } from '../../support/client.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** Attack rows "lockout race", "limiter evasion" and "enumeration"; ASVS 6.1.1, 6.3.1, 6.3.8, 2.3.2. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterAll(() => server.stop());
afterEach(async () => {
  jest.restoreAllMocks();
  await ServerProcess.killAll();
});

const logIn = (body: object, client = server.client) => client.post('/auth/login', { body });
const guess = (names: object, client = server.client) => logIn({ ...names, password: 'not the password' }, client);

/** A new user without failed attempts. */
async function newUser(): Promise<{ username: string; email: string }> {
  user += 1;
  const names = { username: `user${user}`, email: `user${user}@example.com` };
  await server.client.post('/auth/register', { body: { ...names, password: PASSWORD } });
  return names;
}

async function lock(names: object): Promise<void> {
  for (let n = 0; n < 5; n++) expectProblem(await guess(names), 401, 'invalid_credentials');
}

test('locks an account for 30 s after five wrong passwords in a row, for the right password too [ASVS 6.3.1]', async () => {
  const { username } = await newUser();
  await lock({ username });
  const refused = await logIn({ username, password: PASSWORD });
  expectProblem(refused, 429, 'too_many_attempts');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(25);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  server.clock.advance(30_000);
  expect((await logIn({ username, password: PASSWORD })).status).toBe(200);
});

test('each further wrong password doubles the wait, up to 15 minutes [ASVS 6.1.1: no lock for good]', async () => {
  const { username } = await newUser();
  await lock({ username });
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) {
    const wait = Number((await guess({ username })).headers.get('retry-after'));
    waits.push(Math.ceil(wait / 10) * 10);
    server.clock.advance(wait * 1000);
    expectProblem(await guess({ username }), 401, 'invalid_credentials');
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
  server.clock.advance(900_000);
  expect((await logIn({ username, password: PASSWORD })).status).toBe(200);
});

test('a successful login resets the failures, and so do 12 hours', async () => {
  const { username } = await newUser();
  for (let n = 0; n < 3; n++) {
    for (let m = 0; m < 4; m++) expectProblem(await guess({ username }), 401, 'invalid_credentials');
    expect((await logIn({ username, password: PASSWORD })).status).toBe(200);
  }
  await lock({ username });
  server.clock.advance(12 * 3_600_000);
  await lock({ username });
  expectProblem(await guess({ username }), 429, 'too_many_attempts');
});

test('rejected attempts do not extend the lockout', async () => {
  const { username } = await newUser();
  await lock({ username });
  for (let n = 0; n < 10; n++) expectProblem(await guess({ username }), 429, 'too_many_attempts');
  server.clock.advance(30_000);
  expect((await logIn({ username, password: PASSWORD })).status).toBe(200);
});

test('counts and rejects an unknown username in exactly the same way [ASVS 6.3.8] [attack: enumeration]', async () => {
  const { username } = await newUser();
  const answers = [];
  for (const name of [username, 'nobody at all']) {
    await lock({ username: name });
    const { status, body, headers } = await guess({ username: name });
    const names = [...headers.keys()].sort();
    answers.push({ status, body: { ...body, request_id: '' }, names, wait: headers.get('retry-after') });
  }
  expect(answers[1]).toEqual(answers[0]);
});

test('counts the username, the email and every spelling of them as one account [attack: limiter evasion]', async () => {
  const { username, email } = await newUser();
  const wide = username.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
  const spellings = [
    { username },
    { username: username.toUpperCase() },
    { username: wide },
    { email },
    { email: email.toUpperCase() },
  ];
  for (const names of spellings) expectProblem(await guess(names), 401, 'invalid_credentials');
  for (const names of [...spellings, { username, email }]) expectProblem(await guess(names), 429, 'too_many_attempts');
  for (const name of ['Ghost', 'ghost', 'GHOST', 'ｇｈｏｓｔ', 'gHost']) await guess({ username: name });
  expectProblem(await guess({ username: 'ghosT' }), 429, 'too_many_attempts');
});

test('checks at most five of 100 concurrent wrong passwords [ASVS 2.3.4] [attack: lockout race]', async () => {
  for (const names of [await newUser(), { username: 'nobody in a race' }]) {
    const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
    const answers = await Promise.all(Array.from({ length: 100 }, () => guess({ username: names.username })));
    expect(verify.mock.calls.length).toBe(5);
    const statuses = answers.map(({ status }) => status);
    expect([401, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([5, 95]);
    verify.mockRestore();
  }
});

test('any number of concurrent logins with the right password succeed', async () => {
  const { username } = await newUser();
  for (let n = 0; n < 4; n++) await guess({ username });
  const answers = await Promise.all(Array.from({ length: 30 }, () => logIn({ username, password: PASSWORD })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('does not count an attempt whose password was not checked', async () => {
  const { username } = await newUser();
  jest.spyOn(server.get(PasswordHasher), 'verify').mockRejectedValue(new Busy());
  for (let n = 0; n < 8; n++) expectProblem(await guess({ username }), 503, 'busy');
  jest.restoreAllMocks();
  await lock({ username });
});

test('wrong current passwords count toward the lockout; a session bypasses it, with a counter of its own', async () => {
  const { username } = await newUser();
  const { access_token: token } = await server.client.logIn(username);
  const change = (current_password: string) =>
    server.client.post('/users/me/password', { token, body: { current_password, new_password: `${PASSWORD} two` } });
  const remove = (password: string) => server.client.call('DELETE', '/users/me', { token, body: { password } });
  for (let n = 0; n < 2; n++) expectProblem(await change('wrong'), 403, 'wrong_password');
  for (let n = 0; n < 3; n++) expectProblem(await remove('wrong'), 403, 'wrong_password');
  expectProblem(await guess({ username }), 429, 'too_many_attempts');
  for (let n = 0; n < 4; n++) expectProblem(await remove('wrong'), 403, 'wrong_password');
  expect((await change(PASSWORD)).status).toBe(204);
  for (let n = 0; n < 5; n++) expectProblem(await remove('wrong'), 403, 'wrong_password');
  expectProblem(await remove(`${PASSWORD} two`), 429, 'too_many_attempts');
});

test('a lockout outlasts a restart', async () => {
  const { username } = await newUser();
  await lock({ username });
  await server.restart();
  expectProblem(await logIn({ username, password: PASSWORD }), 429, 'too_many_attempts');
});

test('rejects every login while failures cannot be counted, and recovers afterwards [ASVS 16.5.3] [attack: fail open]', async () => {
  const { username } = await newUser();
  const database = server.get(DataSource);
  const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
  await database.query('ALTER TABLE login_failures RENAME TO gone');
  expectProblem(await logIn({ username, password: PASSWORD }), 500, 'internal_error');
  expect(verify).not.toHaveBeenCalled();
  await database.query('ALTER TABLE gone RENAME TO login_failures');
  expect((await logIn({ username, password: PASSWORD })).status).toBe(200);
});

test('stores counts under keys that identify no user, and deletes them later', async () => {
  await Promise.all(Array.from({ length: 12 }, (_, n) => guess({ username: `invented${n}` })));
  const database = server.get(DataSource);
  const rows: { text: string; key: Buffer }[] = await database.query(
    'SELECT f::text AS text, key FROM login_failures f',
  );
  expect(rows.length).toBeGreaterThanOrEqual(12);
  for (const { text, key } of rows) expect([text.includes('invented'), key.length]).toEqual([false, 16]);
  server.get(ExpiredCounts).mostRows = 10;
  await server.get(Cleanup).run();
  const count = async () => (await database.query('SELECT count(*)::int AS n FROM login_failures'))[0].n;
  expect(await count()).toBe(10);
  server.clock.advance(12 * 3_600_000 + 1000);
  await server.get(Cleanup).run();
  expect(await count()).toBe(0);
});

test('the cleanup does not lock counts that it keeps, so no login waits for it', async () => {
  const database = server.get(DataSource);
  const end = [new Date(server.clock.now() + 3_600_000)];
  await database.query('DELETE FROM login_failures');
  await database.query(
    `INSERT INTO login_failures (key, failures, pending, reserved_at, expires_at)
     SELECT decode(md5(n::text), 'hex'), 1, 0, $1::timestamptz, $1::timestamptz + n * interval '1 second' FROM generate_series(1, 30) n`,
    end,
  );
  // A locked row keeps the id of the locking transaction in xmax.
  const locked = async () =>
    await database.query(
      `SELECT count(*)::int AS rows, count(*) FILTER (WHERE xmax <> 0)::int AS locked FROM login_failures`,
    );
  server.get(ExpiredCounts).mostRows = 30;
  await server.get(Cleanup).run();
  expect(await locked()).toEqual([{ rows: 30, locked: 0 }]);
  server.get(ExpiredCounts).mostRows = 20;
  await server.get(Cleanup).run();
  expect(await locked()).toEqual([{ rows: 20, locked: 0 }]);
});

testOnPostgres(
  'checks at most five of 100 concurrent wrong passwords across three instances [ASVS 15.4.2]',
  async () => {
    const { username } = await newUser();
    const env = { ...LOCKOUT_ONLY, ...server.database.env };
    const instances = await Promise.all([1, 2, 3].map(() => ServerProcess.start(env)));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => guess({ username }, instances[n % 3]?.client)),
    );
    const statuses = answers.map(({ status }) => status);
    expect([401, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([5, 95]);
    const other = await newUser();
    const right = await Promise.all(
      Array.from({ length: 30 }, (_, n) => logIn({ ...other, password: PASSWORD }, instances[n % 3]?.client)),
    );
    expect(new Set(right.map(({ status }) => status))).toEqual(new Set([200]));
  },
);
