import { jest } from '@jest/globals';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { type Answer, PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** A proof may be outdated when the request writes, because hashing takes seconds under load (ASVS 15.4.2). */
let server: TestServer;
let username: string;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
beforeEach(async () => {
  username = `user-${++user}`;
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

const OWNERS = 'a passphrase that the owner chose';
const THIEFS = 'a passphrase that the thief chose';

/** Runs something once, right after a request has computed a hash. */
function after(hashing: 'hash' | 'verify', work: () => Promise<unknown>): void {
  const hasher = server.get(PasswordHasher);
  const original = hasher[hashing].bind(hasher) as (...parameters: unknown[]) => Promise<never>;
  jest.spyOn(hasher, hashing).mockImplementationOnce(async (...parameters: unknown[]) => {
    const result = await original(...parameters);
    await work();
    return result;
  });
}

const logIn = () => server.client.logIn(username);
const change = (options: object, new_password: string, current_password = PASSWORD) =>
  server.client.post('/users/me/password', { ...options, body: { current_password, new_password } });
const by = ({ access_token: token }: Tokens) => ({ token });
const deleteMe = (options: object) =>
  server.client.call('DELETE', '/users/me', { ...options, body: { password: PASSWORD } });
const expectDone = ({ status }: Answer<unknown>) => expect(status).toBe(204);
/** Returns those of the passwords that work for login. */
async function passwords(): Promise<string[]> {
  const working: string[] = [];
  for (const password of [PASSWORD, OWNERS, THIEFS]) {
    const { status } = await server.client.post('/login', { body: { username, password } });
    if (status === 200) working.push(password);
  }
  return working;
}

test('a password change by a thief does not overwrite one that the owner made in the meantime', async () => {
  const [owner, thief] = [await logIn(), await logIn()];
  after('hash', async () => expectDone(await change(by(owner), OWNERS)));
  expectProblem(await change(by(thief), THIEFS), 401, 'token_revoked');
  expect(await passwords()).toEqual([OWNERS]);
  expect((await server.client.get('/protected', by(owner))).status).toBe(200);
});

test('rejects the second of two concurrent password changes in one session, because it proved the old password [ASVS 15.4.2]', async () => {
  const session = by(await logIn());
  after('hash', async () => expectDone(await change(session, OWNERS)));
  expectProblem(await change(session, THIEFS), 403, 'wrong_password');
  expect(await passwords()).toEqual([OWNERS]);
});

test('a password change fails and sets no cookie if its session is ended meanwhile', async () => {
  const owner = by(await logIn());
  const thief = await cookieSession(server.client, username);
  after('hash', async () => expectDone(await server.client.call('DELETE', '/auth/sessions?keep=current', owner)));
  const answer = await change(thief, THIEFS);
  expectProblem(answer, 401, 'session_revoked');
  expect(answer.headers.getSetCookie().filter((line) => line.startsWith('portero='))).toEqual([]);
  expect(await passwords()).toEqual([PASSWORD]);
});

test('does not delete an account if the password was changed meanwhile', async () => {
  const session = by(await logIn());
  after('verify', async () => expectDone(await change(session, OWNERS)));
  expectProblem(await deleteMe(session), 403, 'wrong_password');
  expect(await passwords()).toEqual([OWNERS]);
});

test('does not delete an account if the session was ended meanwhile', async () => {
  const [owner, thief] = [by(await logIn()), await cookieSession(server.client, username)];
  after('verify', async () => expectDone(await server.client.call('DELETE', '/auth/sessions?keep=current', owner)));
  expectProblem(await deleteMe(thief), 401, 'session_revoked');
  expect(await passwords()).toEqual([PASSWORD]);
});

test('rejects a login with the old password if it was changed meanwhile, even in the same millisecond', async () => {
  const session = by(await logIn());
  after('verify', async () => {
    server.clock.stop();
    expectDone(await change(session, OWNERS));
  });
  const login = { body: { username, password: PASSWORD } };
  expectProblem(await server.client.post('/login', login), 401, 'session_revoked');
  // The clock is stopped, so this change has the same time as the one before.
  after('verify', async () => expectDone(await change(session, THIEFS, OWNERS)));
  const late = await server.client.post('/login', { body: { username, password: OWNERS } });
  expectProblem(late, 401, 'session_revoked');
  expect(await passwords()).toEqual([THIEFS]);
});
