import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { PASSWORD } from '../../support/client.js';
import { deviceCookie, LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { statementsDuring } from '../../support/statements.js';

/** Login forms with one field for the username or the email address; attack rows "enumeration" and "limiter evasion". */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

interface Names {
  username?: string;
  email?: string;
}

const logIn = (names: Names, password = PASSWORD, cookie = '') =>
  server.client.post('/auth/login', {
    body: { ...names, password },
    headers: cookie === '' ? {} : { Cookie: cookie },
  });
const guess = (names: Names) => logIn(names, 'not the password');

async function newUser(): Promise<{ username: string; email: string }> {
  user += 1;
  const names = { username: `user${user}`, email: `user${user}@example.com` };
  expect((await server.client.post('/auth/register', { body: { ...names, password: PASSWORD } })).status).toBe(201);
  return names;
}

/** All ways to send one address. */
const waysToSend = (address: string): Names[] => [
  { username: address },
  { email: address },
  { username: address, email: address },
  { username: address.toUpperCase() },
  { username: address.replace('@', '＠'), email: address.toUpperCase() },
];

test('accepts the email address as username, alone and together with the email', async () => {
  const { email } = await newUser();
  for (const names of waysToSend(email)) expect([names, (await logIn(names)).status]).toEqual([names, 200]);
});

test('accepts a username that is the email address of the same user', async () => {
  const email = 'both@example.com';
  await server.client.post('/auth/register', { body: { username: email, email, password: PASSWORD } });
  for (const names of waysToSend(email)) expect([names, (await logIn(names)).status]).toEqual([names, 200]);
});

test('rejects a username and an email of two users, also if both are addresses', async () => {
  const [ana, ben] = [await newUser(), await newUser()];
  for (const names of [
    { username: ana.username, email: ben.email },
    { username: ana.email, email: ben.email },
    { username: ana.email, email: 'nobody@example.com' },
    { email: ana.username },
  ]) {
    expectProblem(await logIn(names), 401, 'invalid_credentials');
  }
  expect((await logIn({ username: ana.username, email: ana.email })).status).toBe(200);
});

test('a username takes precedence over the same email address of another user, in imported data', async () => {
  const [ana, ben] = [await newUser(), await newUser()];
  const other = `${PASSWORD} of ben`;
  const { access_token: token } = (await logIn(ben)).body as { access_token: string };
  const body = { current_password: PASSWORD, new_password: other };
  expect((await server.client.post('/users/me/password', { token, body })).status).toBe(204);
  await server
    .get(DataSource)
    .query('UPDATE users SET username = $1, username_key = $1 WHERE username = $2', [ana.email, ben.username]);
  expect((await logIn({ username: ana.email }, other)).status).toBe(200);
  expectProblem(await logIn({ username: ana.email }), 401, 'invalid_credentials');
  expect((await logIn({ email: ana.email })).status).toBe(200);
});

test.each([
  ['known', async () => (await newUser()).email],
  ['unknown', async () => 'nobody@example.com'],
])('a %s address has one lockout, whichever field it is sent in [attack: limiter evasion]', async (_, address) => {
  const ways = waysToSend(await address());
  for (const names of ways) expectProblem(await guess(names), 401, 'invalid_credentials');
  for (const names of ways) expectProblem(await guess(names), 429, 'too_many_attempts');
});

test('a known device passes the lockout with the address as username', async () => {
  const { email } = await newUser();
  const cookie = deviceCookie((await logIn({ username: email })).headers);
  for (let n = 0; n < 5; n++) await guess({ email });
  expectProblem(await logIn({ username: email }), 429, 'too_many_attempts');
  expect((await logIn({ username: email }, PASSWORD, cookie)).status).toBe(200);
});

test('the audit trail has the same mark for an unknown address in either field', async () => {
  const ways = waysToSend('mark@example.com');
  for (const names of ways) await guess(names);
  const rows: { mark: string; count: string }[] = await server
    .get(DataSource)
    .query(`SELECT details->>'name' AS mark, count(*) FROM audit_events WHERE details->>'reason' = 'unknown_user'
             GROUP BY 1 ORDER BY 2 DESC LIMIT 1`);
  expect(Number(rows[0]?.count)).toBe(ways.length);
});

test('a known and an unknown address cost the same statements and one hash, in every field [attack: enumeration]', async () => {
  const known = waysToSend((await newUser()).email);
  const unknown = waysToSend('none@example.com');
  const verify = jest.spyOn(server.get(PasswordHasher), 'verify');
  const costs: [number, string[]][] = [];
  for (const names of [known, unknown].flatMap((ways) => ways.slice(0, 3))) {
    verify.mockClear();
    const statements = await statementsDuring(server, () => guess(names));
    costs.push([verify.mock.calls.length, statements.map((sql) => sql.replace(/\s+/g, ' ').slice(0, 40))]);
  }
  const [first] = costs;
  expect(first?.[0]).toBe(1);
  expect(costs.map(([hashes, statements]) => [hashes, statements])).toEqual(costs.map(() => first));
});
