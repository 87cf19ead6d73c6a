import { jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { addFactor } from '../../support/factor-users.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Step-ups that meet other requests of the same session. */
let server: TestServer;
let username: string;
let tokens: Tokens;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
beforeEach(async () => {
  username = `user-${++user}`;
  tokens = await server.client.signUp(username);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

const ROUNDS = 50;
const stepUp = (options: object, body: object = { password: PASSWORD }) =>
  server.client.post<Tokens & { code?: string }>('/auth/step-up', { ...options, body });
const by = ({ access_token: token }: Pick<Tokens, 'access_token'>) => ({ token });

/** Runs something once, right after a password was verified. */
function afterVerify(work: () => Promise<unknown>): void {
  const hasher = server.get(PasswordHasher);
  const original = hasher.verify.bind(hasher);
  jest.spyOn(hasher, 'verify').mockImplementationOnce(async (...parameters) => {
    const result = await original(...parameters);
    await work();
    return result;
  });
}

test('a step-up during a refresh breaks neither: the refresh tokens of both still work', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [stepped, refreshed] = await Promise.all([stepUp(by(tokens)), server.client.refresh(tokens.refresh_token)]);
    expect([stepped.status, refreshed.status]).toEqual([200, 200]);
    // Within the grace window, both lead to the same successor.
    const again = await server.client.refresh(stepped.body.refresh_token);
    expect(again.status).toBe(200);
    const { auth_time: after } = decodeJwt<{ auth_time: number }>(again.body.access_token);
    expect(after).toBe(decodeJwt(stepped.body.access_token).auth_time);
    tokens = again.body;
  }
});

test('a step-up during a logout leaves no token that works', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [stepped, logout] = await Promise.all([
      stepUp(by(tokens)),
      server.client.post('/auth/logout', { token: tokens.access_token }),
    ]);
    expect(logout.status).toBe(204);
    expect([200, 401]).toContain(stepped.status);
    const token = stepped.status === 200 ? stepped.body.access_token : tokens.access_token;
    expectProblem(await server.client.get('/protected', { token }), 401, 'token_revoked');
    expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
    tokens = await server.client.logIn(username);
  }
});

test('fails if its session ends, its user is disabled or the password changes while the password is checked', async () => {
  const database = server.get(DataSource);
  afterVerify(() => server.client.post('/auth/logout', by(tokens)));
  expectProblem(await stepUp(by(tokens)), 401, 'token_revoked');
  tokens = await server.client.logIn(username);
  afterVerify(() =>
    database.query(`UPDATE users SET credentials_changed_at = now() + interval '1 s' WHERE username = $1`, [username]),
  );
  expectProblem(await stepUp(by(tokens)), 403, 'wrong_password');
  afterVerify(() => database.query('UPDATE users SET disabled_at = now() WHERE username = $1', [username]));
  expectProblem(await stepUp(by(tokens)), 401, 'token_revoked');
  await database.query('UPDATE users SET disabled_at = NULL WHERE username = $1', [username]);
  const session = await cookieSession(server.client, username);
  afterVerify(() => server.client.call('DELETE', '/auth/sessions', by(tokens)));
  const answer = await stepUp(session);
  expectProblem(answer, 401, 'session_revoked');
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test('a session that has ended cannot step up', async () => {
  const session = await cookieSession(server.client, username);
  await server.client.call('DELETE', '/auth/sessions', by(tokens));
  expectProblem(await stepUp(by(tokens)), 401, 'token_revoked');
  expectProblem(await stepUp(session), 401, 'session_revoked');
});

test('one of several concurrent step-ups of a cookie session has a successor, and one code works once', async () => {
  const session = await cookieSession(server.client, username);
  const answers = await Promise.all(Array.from({ length: 8 }, () => stepUp(session)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
  const { recoveryCodes } = await addFactor(server, username);
  const uses = await Promise.all(
    Array.from({ length: 8 }, () => stepUp(by(tokens), { recovery_code: recoveryCodes[0] })),
  );
  expect(uses.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
});
