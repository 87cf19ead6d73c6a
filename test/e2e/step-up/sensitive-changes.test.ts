import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { type Answer, PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { addFactor, type TestFactor } from '../../support/factor-users.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Who may change the password and the address, and delete the account, without the current password in the request. */
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

const NEW = 'another passphrase, as uncommon';
const STEP_UP_TTL_MS = 300_000;
const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);
const by = ({ access_token: token }: Tokens) => ({ token });
const passwordHash = async () =>
  (await sql('SELECT password_hash AS hash FROM users WHERE username = $1', [username]))[0].hash as string;
/** @returns the hash, to restore it */
const withoutPassword = async () => {
  const hash = await passwordHash();
  await sql('UPDATE users SET password_hash = NULL WHERE username = $1', [username]);
  return hash;
};

/** Each change, without the current password. */
const CHANGES: Record<string, [(options: object) => Promise<Answer>, status: number, member: string]> = {
  'the change of the password': [
    (options) => server.client.post('/users/me/password', { ...options, body: { new_password: NEW } }),
    204,
    '/current_password',
  ],
  'the change of the address': [
    (options) => server.client.post('/users/me/email', { ...options, body: { email: `${username}@example.org` } }),
    202,
    '/current_password',
  ],
  'the deletion of the account': [(options) => server.client.call('DELETE', '/users/me', options), 204, '/password'],
};

const stepUp = async (body: object): Promise<Tokens> => {
  const answer = await server.client.post<Tokens>('/auth/step-up', { ...by(tokens), body });
  expect(answer.status).toBe(200);
  return answer.body;
};

function expectChallenge(answer: Answer, parameters: string): void {
  expectProblem(answer, 401, 'insufficient_user_authentication');
  expect(answer.headers.get('www-authenticate')).toMatch(
    new RegExp(
      `^Bearer realm="portero", error="insufficient_user_authentication", error_description="[^"]+", ${parameters}$`,
    ),
  );
}

describe.each(Object.entries(CHANGES))('%s without the current password', (_, [change, done, member]) => {
  test('is refused to a user with only a password, however recent the login [ASVS 6.2.3, 7.5.1]', async () => {
    expectFaults(await change(by(tokens)), [member, 'required']);
    expectFaults(await change(by(await stepUp({ password: PASSWORD }))), [member, 'required']);
  });

  test('needs a recent second factor if the user has one [ASVS 7.5.1, 7.5.3]', async () => {
    const { totp } = await addFactor(server, username);
    const mfa = /max_age="?300"?, acr_values="mfa"/.source;
    expectChallenge(await change(by(tokens)), mfa);
    expectChallenge(await change(by(await stepUp({ password: PASSWORD }))), mfa);
    const recent = await stepUp({ totp: totp() });
    expect((await change(by(recent))).status).toBe(done);
  });

  test('is refused once the second factor is older than STEP_UP_TTL [ASVS 7.5.3]', async () => {
    await server.restart({ ACCESS_TOKEN_TTL: '1h' });
    const { totp } = await addFactor(server, username);
    const recent = await stepUp({ totp: totp() });
    server.clock.advance(STEP_UP_TTL_MS + 1000);
    expectChallenge(await change(by(recent)), /max_age="?300"?, acr_values="mfa"/.source);
  });

  test('needs only a recent authentication of a user without password and second factor', async () => {
    const hash = await withoutPassword();
    server.clock.advance(STEP_UP_TTL_MS + 1000);
    const { body } = await server.client.refresh(tokens.refresh_token);
    expectChallenge(await change(by(body)), /max_age="?300"?/.source);
    await sql('UPDATE users SET password_hash = $2 WHERE username = $1', [username, hash]);
    const recent = await server.client.logIn(username);
    await withoutPassword();
    expect((await change(by(recent))).status).toBe(done);
  });
});

describe('a recent authentication', () => {
  let factor: TestFactor;
  beforeEach(async () => {
    factor = await addFactor(server, username);
  });

  /** Runs something once, right after a request has computed the hash of a new password. */
  function afterHash(work: () => Promise<unknown>): void {
    const hasher = server.get(PasswordHasher);
    const original = hasher.hash.bind(hasher);
    jest.spyOn(hasher, 'hash').mockImplementationOnce(async (...parameters) => {
      const result = await original(...parameters);
      await work();
      return result;
    });
  }

  const change = (options: object) => CHANGES['the change of the password']?.[0](options) as Promise<Answer>;

  test('no longer counts if the session ends meanwhile, or the credentials change', async () => {
    const [recent, before] = [by(await stepUp({ totp: factor.totp() })), await passwordHash()];
    afterHash(() =>
      sql(`UPDATE users SET credentials_changed_at = now() + interval '1 s' WHERE username = $1`, [username]),
    );
    expectProblem(await change(recent), 401, 'insufficient_user_authentication');
    afterHash(() => server.client.post('/auth/logout', recent));
    expectProblem(await change(recent), 401, 'token_revoked');
    expect(await passwordHash()).toBe(before);
  });

  test('counts in a cookie session too', async () => {
    await sql('UPDATE users SET has_second_factor = false WHERE username = $1', [username]);
    const session = await cookieSession(server.client, username);
    await sql('UPDATE users SET has_second_factor = true WHERE username = $1', [username]);
    expectProblem(await change(session), 401, 'insufficient_user_authentication');
    const stepped = await server.client.post<{ csrf_token: string }>('/auth/step-up', {
      ...session,
      body: { recovery_code: factor.recoveryCodes[0] },
    });
    const [cookie = ''] = stepped.headers.getSetCookie().map((line) => line.split(';')[0] as string);
    expect((await change({ headers: { Cookie: cookie, 'X-CSRF-Token': stepped.body.csrf_token } })).status).toBe(204);
  });

  test('of a second factor is not needed with MFA=off, where the password is', async () => {
    await server.restart({ MFA: 'off' });
    expectFaults(await change(by(tokens)), ['/current_password', 'required']);
    await server.restart({ MFA: 'optional' });
  });
});
