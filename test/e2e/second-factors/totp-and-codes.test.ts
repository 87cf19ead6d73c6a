import { DataSource } from 'typeorm';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import {
  Authenticator,
  firstStep,
  logInWithTotp,
  STEP_MS,
  secondStep,
  setUpTotp,
  signUpWithTotp,
} from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** The routes for authenticator apps and recovery codes. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let users = 0;
const newName = () => `user-${++users}`;
const newUser = () => signUpWithTotp(server.client, newName(), server.clock.now());
const now = () => server.clock.now();
const security = async (token: string) => (await server.client.get('/users/me/security', { token })).body;
const CODE = /^[2-9A-HJ-NP-Z]{6}(-[2-9A-HJ-NP-Z]{6}){3}$/;

/** The events of a user about factors, oldest first. */
async function events(username: string) {
  const found: { type: string; details: object | null }[] = await server.get(DataSource).query(
    `SELECT type, details FROM audit_events WHERE type ~ 'factor|recovery' AND type !~ 'requested|refused'
        AND user_id = (SELECT id FROM users WHERE username = $1) ORDER BY id`,
    [username],
  );
  return found.map(({ type, details }) => (details === null ? [type] : [type, details]));
}

test('an app is set up by its secret and its first code, and the user gets ten recovery codes', async () => {
  const { access_token: token } = await server.client.signUp(newName());
  expect(await security(token)).toEqual({ password: true, totp: false, passkeys: 0, recovery_codes_left: 0 });
  const begun = await server.client.post<Record<string, string>>('/users/me/totp', { token });
  expect([begun.status, begun.headers.get('cache-control')]).toEqual([201, 'no-store']);
  const { secret = '', otpauth_url: url = '', qr_svg: svg } = begun.body;
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(new URL(url).searchParams.get('secret')).toBe(secret);
  expect(url).toMatch(/^otpauth:\/\/totp\/Portero:user-\d+\?issuer=Portero&/);
  expect(svg).toMatch(/^<svg.*<\/svg>$/s);
  // It does not count yet.
  expect(await security(token)).toMatchObject({ totp: false });
  const app = new Authenticator(secret);
  const confirm = (code: string) =>
    server.client.post<{ recovery_codes: string[] }>('/users/me/totp/confirm', { token, body: { code } });
  expectProblem(await confirm(app.wrongCode(now())), 400, 'code_invalid');
  expectFaults(await server.client.post('/users/me/totp/confirm', { token, body: {} }), ['/code', 'required']);
  const { status, body } = await confirm(app.code(now()));
  expect(status).toBe(200);
  expect(new Set(body.recovery_codes).size).toBe(10);
  for (const code of body.recovery_codes) expect(code).toMatch(CODE);
  expect(await security(token)).toEqual({ password: true, totp: true, passkeys: 0, recovery_codes_left: 10 });
  // The code is thereby used.
  expectProblem(await confirm(app.code(now())), 401, 'insufficient_user_authentication');
  expect(await events(`user-${users}`)).toEqual([
    ['second_factor.added', { method: 'totp' }],
    ['recovery_codes.created'],
  ]);
});

test('a new secret replaces one that was not confirmed, and expires after an hour', async () => {
  const { access_token: token } = await server.client.signUp(newName());
  const begin = async () => {
    const { body } = await server.client.post<{ secret: string }>('/users/me/totp', { token });
    return new Authenticator(body.secret);
  };
  const confirm = (code: string) => server.client.post('/users/me/totp/confirm', { token, body: { code } });
  const [first, second] = [await begin(), await begin()];
  expectProblem(await confirm(first.code(now())), 400, 'code_invalid');
  expect((await confirm(second.code(now()))).status).toBe(200);
  const other = await server.client.signUp(newName());
  const late = await server.client.post<{ secret: string }>('/users/me/totp', { token: other.access_token });
  server.clock.advance(3_601_000);
  const { refresh_token } = other;
  const { access_token: fresh } = (await server.client.refresh(refresh_token)).body;
  // Setting up an app needs a recent login.
  const body = { code: new Authenticator(late.body.secret).code(now()) };
  expectProblem(
    await server.client.post('/users/me/totp/confirm', { token: fresh, body }),
    401,
    'insufficient_user_authentication',
  );
  const again = await server.client.logIn(`user-${users}`);
  const answer = await server.client.post('/users/me/totp/confirm', { token: again.access_token, body });
  expectProblem(answer, 400, 'code_invalid');
});

test('changes need a recent authentication, by the second factor where there is one [ASVS 7.5.1]', async () => {
  const user = await newUser();
  const changes: [method: string, path: string, body?: object][] = [
    ['POST', '/users/me/totp'],
    ['POST', '/users/me/totp/confirm', { code: '000000' }],
    ['DELETE', '/users/me/totp'],
    ['POST', '/users/me/recovery-codes'],
  ];
  const refused = async (token: string) => {
    for (const [method, path, body] of changes) {
      const answer = await server.client.call(method, path, { token, ...(body && { body }) });
      expectProblem(answer, 401, 'insufficient_user_authentication');
      const challenge = answer.headers.get('www-authenticate');
      expect(challenge).toContain('error="insufficient_user_authentication"');
      expect(challenge).toContain('max_age="300", acr_values="mfa"');
    }
  };
  // The session from before the app has only the password.
  await refused(user.tokens.access_token);
  const { access_token: token, refresh_token: refreshToken } = await logInWithTotp(server, user);
  expectProblem(await server.client.post('/users/me/totp', { token }), 409, 'totp_exists');
  server.clock.advance(301_000);
  await refused((await server.client.refresh(refreshToken)).body.access_token);
  expect(await security((await logInWithTotp(server, user)).access_token)).toMatchObject({ totp: true });
});

test('without the app, its recovery codes and the second step are gone', async () => {
  const user = await newUser();
  const { access_token: token } = await logInWithTotp(server, user);
  const pending = await firstStep(server.client, user.username);
  expect((await server.client.call('DELETE', '/users/me/totp', { token })).status).toBe(204);
  expect(await security(token)).toEqual({ password: true, totp: false, passkeys: 0, recovery_codes_left: 0 });
  expectProblem(await server.client.call('DELETE', '/users/me/totp', { token }), 404, 'not_found');
  expectProblem(await server.client.post('/users/me/recovery-codes', { token }), 409, 'no_second_factor');
  expect((await events(user.username)).at(-1)).toEqual(['second_factor.removed', { method: 'totp' }]);
  const late = await secondStep(server.client, pending.mfa_token, { recovery_code: user.recoveryCodes[0] });
  expectProblem(late, 401, 'second_factor_invalid');
  await server.client.logIn(user.username);
});

test('a recovery code works once, in any spelling, in place of the app [ASVS 6.5.1]', async () => {
  const user = await newUser();
  const use = async (recoveryCode: string) =>
    secondStep(server.client, (await firstStep(server.client, user.username)).mfa_token, {
      recovery_code: recoveryCode,
    });
  const [first = '', second = ''] = user.recoveryCodes;
  const { status, body } = await use(first);
  expect(status).toBe(200);
  expectProblem(await use(first), 401, 'second_factor_invalid');
  expect((await use(` ${second.replace('-', '').toLowerCase()} `)).status).toBe(200);
  for (const wrong of ['', 'ABCDE', 'ABCDE-FGHJK', 'A'.repeat(10_000)]) {
    expectProblem(await use(wrong), 401, 'second_factor_invalid');
  }
  expect(await security(body.access_token)).toMatchObject({ recovery_codes_left: 8 });
  expect((await events(user.username)).slice(-2)).toEqual([
    ['recovery_code.used', { left: 9 }],
    ['recovery_code.used', { left: 8 }],
  ]);
});

test('new recovery codes replace the former ones', async () => {
  const user = await newUser();
  const { access_token: token } = await logInWithTotp(server, user);
  const { status, body } = await server.client.post<{ recovery_codes: string[] }>('/users/me/recovery-codes', {
    token,
  });
  expect([status, body.recovery_codes.length]).toEqual([200, 10]);
  const use = async (code = '') =>
    secondStep(server.client, (await firstStep(server.client, user.username)).mfa_token, { recovery_code: code });
  expectProblem(await use(user.recoveryCodes[0]), 401, 'second_factor_invalid');
  expect((await use(body.recovery_codes[9])).status).toBe(200);
});

test('only keyed hashes of recovery codes are stored, and the secret of an app only sealed [ASVS 6.5.2]', async () => {
  const { app, recoveryCodes } = await newUser();
  const stored = JSON.stringify(
    await server.get(DataSource).query(`
      SELECT encode(code_hash, 'hex') AS hash, encode(code_hash, 'escape') AS text FROM recovery_codes
      UNION ALL SELECT encode(sealed_secret, 'hex'), encode(sealed_secret, 'escape') FROM totp_secrets`),
  );
  for (const code of recoveryCodes) {
    for (const text of [code, code.replace('-', '')]) {
      expect(stored).not.toContain(text);
      expect(stored).not.toContain(Buffer.from(text).toString('hex'));
    }
  }
  expect(stored).not.toContain(app.secret);
});

test('with a cookie session, the routes need the CSRF token', async () => {
  const username = newName();
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
  const { headers } = await cookieSession(server.client, username);
  expectProblem(
    await server.client.post('/users/me/totp', { headers: { Cookie: headers.Cookie } }),
    403,
    'csrf_failed',
  );
  const { body } = await server.client.post<{ secret: string }>('/users/me/totp', { headers });
  const code = new Authenticator(body.secret).code(now());
  expect((await server.client.post('/users/me/totp/confirm', { headers, body: { code } })).status).toBe(200);
});

test('MFA=off: a login needs no second factor, and the routes are not there', async () => {
  const user = await newUser();
  const pending = await firstStep(server.client, user.username);
  await server.restart({ MFA: 'off' });
  const { access_token: token } = await server.client.logIn(user.username);
  const routes = [
    ['GET', '/users/me/security'],
    ['POST', '/users/me/totp'],
    ['POST', '/users/me/totp/confirm', { code: '000000' }],
    ['DELETE', '/users/me/totp'],
    ['POST', '/users/me/recovery-codes'],
    ['POST', '/auth/second-factor', { mfa_token: pending.mfa_token, totp: user.app.code(now()) }],
    ['POST', '/auth/enrolment/totp', { mfa_token: pending.mfa_token }],
    ['POST', '/auth/enrolment/totp/confirm', { mfa_token: pending.mfa_token, code: '000000' }],
  ] as const;
  for (const [method, path, body] of routes) {
    const answer = await server.client.call(method, path, { token, ...(body && { body }) });
    expectProblem(answer, 404, 'not_found');
  }
  await server.restart({ MFA: 'optional' });
  const { status } = await secondStep(server.client, pending.mfa_token, { totp: user.app.code(now()) });
  expect(status).toBe(200);
});

test('a user without a recovery code left gets ten with the next factor', async () => {
  const user = await newUser();
  const { access_token: token } = await logInWithTotp(server, user);
  await server.client.call('DELETE', '/users/me/totp', { token });
  server.clock.advance(STEP_MS);
  const { access_token: next }: Tokens = await server.client.logIn(user.username);
  expect((await setUpTotp(server.client, next, now())).recoveryCodes).toHaveLength(10);
});
