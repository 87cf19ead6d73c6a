import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { DataSource } from 'typeorm';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { addFactor } from '../../support/factor-users.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Row `POST /auth/step-up` of the contract. */
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
afterAll(() => server.stop());

const stepUp = (body: object, { access_token: token }: Tokens = tokens) =>
  server.client.post<Tokens>('/auth/step-up', { token, body });
const later = () => server.clock.advance(60_000);
const claims = ({ access_token }: Tokens) => decodeJwt<{ sid: string; amr: string[]; auth_time: number }>(access_token);
const now = () => Math.floor(server.clock.now() / 1000);
const eventsOf = async (type: string) =>
  await server
    .get(DataSource)
    .query(
      `SELECT session_id, details FROM audit_events JOIN users u ON u.id = user_id WHERE u.username = $1 AND type = $2 ORDER BY audit_events.id`,
      [username, type],
    );

describe('a bearer session', () => {
  test('gets new tokens with the time of the step-up, and keeps its refresh token', async () => {
    later();
    const { status, body } = await stepUp({ password: PASSWORD });
    expect(status).toBe(200);
    expect(claims(body).sid).toBe(claims(tokens).sid);
    expect(claims(body).auth_time).toBeGreaterThanOrEqual(now() - 5);
    expect(claims(body).auth_time).toBeGreaterThan(claims(tokens).auth_time);
    expect(body.refresh_token).toBe(tokens.refresh_token);
    const refreshed = await server.client.refresh(tokens.refresh_token);
    expect(claims(refreshed.body).auth_time).toBe(claims(body).auth_time);
    expect(await eventsOf('step_up')).toEqual([{ session_id: claims(tokens).sid, details: { method: 'password' } }]);
  });

  test('has both factors after a second one, and only the password after a password', async () => {
    const { totp, recoveryCodes } = await addFactor(server, username);
    const withCode = await stepUp({ totp: totp() });
    expect(claims(withCode.body).amr).toEqual(['pwd', 'otp', 'mfa']);
    // The user authenticated at `auth_time` with a password alone.
    const withPassword = await stepUp({ password: PASSWORD }, withCode.body);
    expect(claims(withPassword.body).amr).toEqual(['pwd']);
    const withRecoveryCode = await stepUp({ recovery_code: recoveryCodes[0] as string });
    expect(claims(withRecoveryCode.body).amr).toEqual(['pwd', 'otp', 'mfa']);
    const methods = (await eventsOf('step_up')).map(({ details }: { details: { method: string } }) => details.method);
    expect(methods).toEqual(['totp', 'password', 'recovery_code']);
  });

  test('is seen by other services with the new claims [ASVS 7.5.3]', async () => {
    const { totp } = await addFactor(server, username);
    const { body } = await stepUp({ totp: totp() });
    const keys = createLocalJWKSet((await server.client.get<JSONWebKeySet>('/.well-known/jwks.json')).body);
    const { payload } = await jwtVerify(body.access_token, keys, {
      issuer: 'http://localhost:3000',
      currentDate: new Date(server.clock.now()),
    });
    expect(payload).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
    expect(now() - (payload.auth_time as number)).toBeLessThan(5);
  });
});

test('a cookie session gets a new cookie and CSRF token, and the previous ones are dead [ASVS 7.2.4]', async () => {
  const before = await cookieSession(server.client, username);
  later();
  const answer = await server.client.post<{ csrf_token: string; user: object }>('/auth/step-up', {
    ...before,
    body: { password: PASSWORD },
  });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    user: expect.any(Object),
    csrf_token: expect.any(String),
    expires_at: expect.any(String),
  });
  const [cookie = ''] = answer.headers.getSetCookie().map((line) => line.split(';')[0] as string);
  expect(cookie).toMatch(/^portero=/);
  expectProblem(await server.client.get('/users/me', before), 401, 'session_revoked');
  const after = { headers: { Cookie: cookie, 'X-CSRF-Token': answer.body.csrf_token } };
  expect((await server.client.post('/auth/token', after)).status).toBe(200);
  const crossed = { headers: { ...after.headers, 'X-CSRF-Token': before.headers['X-CSRF-Token'] } };
  expectProblem(await server.client.post('/auth/token', crossed), 403, 'csrf_failed');
  const token = (await server.client.post<Tokens>('/auth/token', after)).body;
  expect(now() - claims(token).auth_time).toBeLessThan(5);
});

test('an access token of a cookie session is refused, because it could not carry the new cookie', async () => {
  const session = await cookieSession(server.client, username);
  const { body } = await server.client.post<Tokens>('/auth/token', session);
  expectProblem(await stepUp({ password: PASSWORD }, body), 403, 'cookie_required');
  expect((await server.client.get('/users/me', session)).status).toBe(200);
});

test('refuses wrong evidence, and changes nothing [ASVS 7.5.1]', async () => {
  const { totp } = await addFactor(server, username);
  const [code, { auth_time }] = [totp(), claims(tokens)];
  expectProblem(await stepUp({ password: 'wrong' }), 403, 'wrong_password');
  expectProblem(await stepUp({ totp: '000000' === code ? '000001' : '000000' }), 401, 'second_factor_invalid');
  expectProblem(await stepUp({ recovery_code: 'ABCDE-FGHJK' }), 401, 'second_factor_invalid');
  expectFaults(await stepUp({}), ['/password', 'required']);
  expectFaults(await stepUp({ password: PASSWORD, totp: code }), ['/totp', 'unknown_member']);
  expectFaults(await stepUp({ totp: null }), ['/totp', 'not_a_string']);
  expectProblem(await server.client.post('/auth/step-up', { body: { totp: code } }), 401, 'token_missing');
  const refreshed = await server.client.refresh(tokens.refresh_token);
  expect(claims(refreshed.body)).toMatchObject({ auth_time, amr: ['pwd'] });
  // A code that was refused with other evidence is not used up; after a success it is.
  expect((await stepUp({ totp: code })).status).toBe(200);
  expectProblem(await stepUp({ totp: code }), 401, 'second_factor_invalid');
});

test('a user without a second factor cannot claim one', async () => {
  expectProblem(await stepUp({ totp: '123456' }), 401, 'second_factor_invalid');
  expectProblem(await stepUp({ recovery_code: 'ABCDE-FGHJK' }), 401, 'second_factor_invalid');
});

test('another user’s code is refused', async () => {
  await server.client.signUp(`${username}-other`);
  const { recoveryCodes } = await addFactor(server, `${username}-other`);
  expectProblem(await stepUp({ recovery_code: recoveryCodes[0] as string }), 401, 'second_factor_invalid');
});
