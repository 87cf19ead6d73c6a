import { jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import { SecondFactors } from '../../../src/second-factors/second-factors.js';
import { TrustedDevices } from '../../../src/second-factors/trusted-devices.js';
import { type Answer, PASSWORD, type Tokens } from '../../support/client.js';
import { deviceCookie } from '../../support/limits-on.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { firstStep, STEP_MS, signUpWithTotp, type UserWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** `TRUSTED_DEVICE_TTL`: devices that are not asked for a second factor. */
let server: TestServer;
let user: UserWithTotp;
let users = 0;
beforeAll(async () => {
  server = await TestServer.start({ TRUSTED_DEVICE_TTL: '30d' });
});
beforeEach(async () => {
  user = await signUpWithTotp(server.client, `user-${++users}`, server.clock.now());
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop());

interface Listed {
  trusted_devices: { id: string; current: boolean; ip: string; device: string | null; expires_at: string }[];
}

const NEW = 'another passphrase, as uncommon';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);
const by = ({ access_token: token }: Tokens) => ({ token });

/** Logs in with both factors. @returns the tokens and the device cookie */
async function logIn(more: object = {}, device = ''): Promise<{ tokens: Tokens; device: string }> {
  server.clock.advance(STEP_MS);
  const { mfa_token } = await firstStep(server.client, user.username);
  const answer = await server.client.post<Tokens>('/auth/second-factor', {
    body: { mfa_token, totp: user.app.code(server.clock.now()), ...more },
    headers: { 'User-Agent': FIREFOX, ...(device === '' ? {} : { Cookie: device }) },
  });
  expect(answer.status).toBe(200);
  return { tokens: answer.body, device: deviceCookie(answer.headers) };
}

const byPassword = (device: string, password = PASSWORD): Promise<Answer<Tokens>> =>
  server.client.post('/auth/login', { body: { username: user.username, password }, headers: { Cookie: device } });
const isAsked = async (device: string, password = PASSWORD) => {
  const { status, body } = await byPassword(device, password);
  if (status === 200) return false;
  expect([status, (body as unknown as { code: string }).code]).toEqual([403, 'second_factor_required']);
  return true;
};
const list = async (tokens: Tokens, device = '') =>
  (await server.client.get<Listed>('/users/me/trusted-devices', { ...by(tokens), headers: { Cookie: device } })).body
    .trusted_devices;
const eventsOf = async () =>
  await sql(
    `SELECT type, details FROM audit_events JOIN users u ON u.id = user_id
      WHERE u.username = $1 AND type LIKE 'trusted_device.%' ORDER BY audit_events.id`,
    [user.username],
  );

test('a device that passed a second factor is not asked again, and its sessions do not claim one', async () => {
  const { device } = await logIn();
  const { status, body, headers } = await byPassword(device);
  expect(status).toBe(200);
  expect(decodeJwt(body.access_token).amr).toEqual(['pwd']);
  expect(await isAsked('')).toBe(true);
  // The cookie is renewed, and still that of the trusted device.
  expect(await isAsked(deviceCookie(headers))).toBe(false);
  const change = await server.client.post('/users/me/recovery-codes', by(body));
  expectProblem(change, 401, 'insufficient_user_authentication');
});

test('a session on a trusted device can step up [ASVS 7.5.3]', async () => {
  const { device } = await logIn();
  const { body } = await byPassword(device);
  server.clock.advance(STEP_MS);
  const totp = user.app.code(server.clock.now());
  const stepped = await server.client.post<Tokens>('/auth/step-up', { ...by(body), body: { totp } });
  expect((await server.client.post('/users/me/recovery-codes', by(stepped.body))).status).toBe(200);
});

test('a device is not trusted with trust_device: false, without the setting, and once the time is over', async () => {
  expect(await isAsked((await logIn({ trust_device: false })).device)).toBe(true);
  const { mfa_token } = await firstStep(server.client, user.username);
  const odd = { mfa_token, totp: '123456', trust_device: 'false' };
  expectFaults(await server.client.post('/auth/second-factor', { body: odd }), ['/trust_device', 'not_a_boolean']);
  const { device } = await logIn();
  server.clock.advance(30 * 86_400_000 - 60_000);
  expect(await isAsked(device)).toBe(false);
  server.clock.advance(60_000);
  expect(await isAsked(device)).toBe(true);
  await server.get(Cleanup).run();
  expect(
    await sql('SELECT 1 FROM trusted_devices t JOIN users u ON u.id = t.user_id WHERE u.username = $1', [
      user.username,
    ]),
  ).toEqual([]);
  await server.restart({ TRUSTED_DEVICE_TTL: 'off' });
  const untrusted = await logIn();
  expect([untrusted.device, await isAsked(untrusted.device)]).toEqual(['', true]);
  await server.restart({ TRUSTED_DEVICE_TTL: '30d' });
});

test('a copy of the cookie from before the second factor is not trusted [attack: stolen device cookie]', async () => {
  const { device: copied } = await logIn({ trust_device: false });
  const { device } = await logIn({}, copied);
  expect([await isAsked(copied), await isAsked(device)]).toEqual([true, false]);
});

test('the device cookie of another user is worth nothing', async () => {
  const { device } = await logIn();
  user = await signUpWithTotp(server.client, `user-${++users}`, server.clock.now());
  expect(await isAsked(device)).toBe(true);
});

test('lists the devices, and ends the trust in one of them', async () => {
  const [{ device: first }, second] = [await logIn(), await logIn()];
  const listed = await list(second.tokens, second.device);
  expect(listed).toEqual([
    {
      id: expect.any(String),
      created_at: expect.any(String),
      expires_at: expect.any(String),
      ip: '127.0.0.1',
      user_agent: FIREFOX,
      device: 'Firefox on Linux',
      current: true,
    },
    expect.objectContaining({ current: false }),
  ]);
  const remove = (id: string | undefined, tokens: Tokens) =>
    server.client.call('DELETE', `/users/me/trusted-devices/${id}`, by(tokens));
  const stranger = await server.client.signUp(`stranger-${users}`);
  expectProblem(await remove(listed[1]?.id, stranger), 404, 'not_found');
  expectProblem(await remove('1', second.tokens), 404, 'not_found');
  expect((await remove(listed[1]?.id, second.tokens)).status).toBe(204);
  expectProblem(await remove(listed[1]?.id, second.tokens), 404, 'not_found');
  expect([await isAsked(first), await isAsked(second.device)]).toEqual([true, false]);
  expect(await eventsOf()).toEqual([
    { type: 'trusted_device.added', details: null },
    { type: 'trusted_device.added', details: null },
    { type: 'trusted_device.removed', details: null },
  ]);
});

describe('all trust ends', () => {
  const ENDINGS: Record<string, (tokens: Tokens) => Promise<Answer<unknown>>> = {
    'when all sessions end': (tokens) => server.client.call('DELETE', '/auth/sessions', by(tokens)),
    'when all other sessions end': (tokens) => server.client.call('DELETE', '/auth/sessions?keep=current', by(tokens)),
    'when the password changes': (tokens) =>
      server.client.post('/users/me/password', {
        ...by(tokens),
        body: { current_password: PASSWORD, new_password: NEW },
      }),
    'when a factor is removed': async (tokens) => {
      // So that the user still has one.
      const flag = () => sql('UPDATE users SET has_second_factor = true WHERE username = $1', [user.username]);
      const answer = await server.client.call('DELETE', '/users/me/totp', by(tokens));
      await flag();
      return answer;
    },
  };

  test.each(Object.entries(ENDINGS))('%s', async (name, end) => {
    const [{ device: first }, { device, tokens }] = [await logIn(), await logIn()];
    const elsewhere = user;
    user = await signUpWithTotp(server.client, `other-${++users}`, server.clock.now());
    const other = await logIn();
    const [others, here] = [user, elsewhere];
    user = here;
    expect((await end(tokens)).status).toBe(204);
    const password = name.includes('password') ? NEW : PASSWORD;
    expect([await isAsked(first, password), await isAsked(device, password)]).toEqual([true, true]);
    expect((await eventsOf()).at(-1)).toEqual({ type: 'trusted_device.removed', details: { devices: 2 } });
    user = others;
    expect(await isAsked(other.device)).toBe(false);
  });

  test('for a login that is in progress', async () => {
    const { device, tokens } = await logIn();
    const devices = server.get(TrustedDevices);
    const original = devices.has.bind(devices);
    jest.spyOn(devices, 'has').mockImplementationOnce(async (...parameters) => {
      const isTrusted = await original(...parameters);
      await server.client.call('DELETE', '/auth/sessions', by(tokens));
      return isTrusted;
    });
    expectProblem(await byPassword(device), 401, 'session_revoked');
  });

  test('for a device whose session ends before it is trusted', async () => {
    const devices = server.get(TrustedDevices);
    const original = devices.add.bind(devices);
    jest.spyOn(devices, 'add').mockImplementationOnce(async (trust, client) => {
      await sql(`UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id = $1`, [trust.sessionId]);
      await original(trust, client);
    });
    expect(await isAsked((await logIn()).device)).toBe(true);
  });
});

test('logins on a trusted device that race the end of all sessions leave no live session and no trust', async () => {
  for (let round = 0; round < 20; round++) {
    const { device, tokens } = await logIn();
    const [login, ended] = await Promise.all([
      byPassword(device),
      server.client.call('DELETE', '/auth/sessions', by(tokens)),
    ]);
    expect(ended.status).toBe(204);
    if (login.status === 200) {
      // Either it was before the end, or it was refused.
      expectProblem(await server.client.get('/protected', by(login.body)), 401, 'token_revoked');
    }
    expect(await isAsked(device)).toBe(true);
  }
});

test('the trust is worth nothing to a user whose factors are gone', async () => {
  const { device } = await logIn();
  const { id } = (await sql('SELECT id FROM users WHERE username = $1', [user.username]))[0];
  expect(await server.get(SecondFactors).methodsOf(id)).toContain('totp');
  await sql('UPDATE users SET has_second_factor = false WHERE id = $1', [id]);
  expect((await byPassword(device)).status).toBe(200);
});
