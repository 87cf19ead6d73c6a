import { DataSource } from 'typeorm';
import { type PasskeyOptions, SoftwareAuthenticator } from '../../support/authenticator.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { claimsOf, ORIGIN, PasskeyUser } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

/** Passkeys of users, with an authenticator in software. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let users = 0;
const newName = () => `user-${++users}`;
const withPasskey = (device?: SoftwareAuthenticator) => PasskeyUser.withPasskey(server.client, newName(), device);
const eventsOf = async (userId: string) =>
  (
    await server
      .get(DataSource)
      .query('SELECT type, result, details FROM audit_events WHERE user_id = $1 ORDER BY id', [userId])
  ).map(({ type, result, details }: Record<string, unknown>) => ({ type, result, details }));

test('a passkey signs in without a username, and is two factors at once', async () => {
  const user = await withPasskey();
  const { status, body } = await user.signIn();
  expect(status).toBe(200);
  const { amr, sub } = claimsOf(body.access_token);
  expect([amr, sub]).toEqual([['hwk', 'user', 'mfa'], claimsOf(user.token).sub]);
  const cookie = await user.signIn({}, { transport: 'cookie' });
  expect([cookie.status, Object.keys(cookie.body).sort()]).toEqual([200, ['csrf_token', 'expires_at', 'user']]);
});

test('a passkey that its provider copies is a software key', async () => {
  const user = await withPasskey(new SoftwareAuthenticator(ORIGIN, true));
  expect(claimsOf((await user.signIn()).body.access_token).amr).toEqual(['swk', 'user', 'mfa']);
  const { body } = await server.client.get<{ passkeys: object[] }>('/users/me/passkeys', { token: user.token });
  // The session is without a second factor.
  expect(body.passkeys).toMatchObject([{ backed_up: true, last_used_at: expect.any(String) }]);
});

test('the first passkey brings recovery codes, and from then on a password needs a second factor', async () => {
  const user = await PasskeyUser.signUp(server.client, newName());
  const { status, body } = await user.add({}, 'Mi teléfono');
  expect([status, body]).toEqual([
    201,
    {
      id: expect.any(String),
      name: 'Mi teléfono',
      created_at: expect.any(String),
      last_used_at: null,
      backed_up: false,
      recovery_codes: expect.any(Array),
    },
  ]);
  expect(body.recovery_codes).toHaveLength(10);
  const login = await server.client.post('/auth/login', { body: { username: user.username, password: PASSWORD } });
  expect([login.status, login.body.code, login.body.methods]).toEqual([
    403,
    'second_factor_required',
    ['passkey', 'recovery_code'],
  ]);
  expect(await eventsOf(claimsOf(user.token).sub)).toContainEqual({
    type: 'second_factor.added',
    result: 'ok',
    details: { method: 'passkey' },
  });
});

test('a passkey is the second factor after a password', async () => {
  const user = await withPasskey();
  const mfaToken = await user.mfaToken();
  const options = await user.secondFactorOptions(mfaToken);
  expect(options.allowCredentials).toEqual([
    { type: 'public-key', id: user.device.id.toString('base64url'), transports: ['internal', 'hybrid'] },
  ]);
  const passkey = user.device.get(options);
  const answer = await server.client.post<{ access_token: string }>('/auth/second-factor', {
    body: { mfa_token: mfaToken, passkey },
  });
  expect(answer.status).toBe(200);
  expect(claimsOf(answer.body.access_token).amr).toEqual(['pwd', 'hwk', 'user', 'mfa']);
  expectProblem(
    await server.client.post('/auth/second-factor/passkey-options', { body: { mfa_token: mfaToken } }),
    401,
    'mfa_token_invalid',
  );
});

test('users list, rename and remove their passkeys, and only theirs', async () => {
  const user = await withPasskey();
  const other = await withPasskey();
  const { access_token: token } = (await user.signIn()).body;
  const list = async () =>
    (await server.client.get<{ passkeys: { id: string; name: string }[] }>('/users/me/passkeys', { token })).body
      .passkeys;
  const [{ id }] = (await list()) as [{ id: string; name: string }];
  const rename = (path: string, name: unknown, by = token) =>
    server.client.call('PATCH', `/users/me/passkeys/${path}`, { token: by, body: { name } });
  expect((await rename(id, 'Key ring')).body).toMatchObject({ id, name: 'Key ring' });
  for (const name of ['', ' a', 'a'.repeat(65), 'a\u0007', 5])
    expectProblem(await rename(id, name), 400, 'validation_failed');
  const { access_token: foreign } = (await other.signIn()).body;
  for (const path of [id, 'x', '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001']) {
    expectProblem(await rename(path, 'mine', foreign), 404, 'not_found');
    expectProblem(
      await server.client.call('DELETE', `/users/me/passkeys/${path}`, { token: foreign }),
      404,
      'not_found',
    );
  }
  expect((await list()).map(({ name }) => name)).toEqual(['Key ring']);

  expect((await server.client.call('DELETE', `/users/me/passkeys/${id}`, { token })).status).toBe(204);
  expect(await list()).toEqual([]);
  expectProblem(await user.signIn(), 401, 'passkey_invalid');
  // No second factor is left.
  await server.client.logIn(user.username);
  const rows = await server
    .get(DataSource)
    .query('SELECT 1 FROM recovery_codes WHERE user_id = $1', [claimsOf(token).sub]);
  expect(rows).toEqual([]);
  expect(await eventsOf(claimsOf(token).sub)).toContainEqual({
    type: 'second_factor.removed',
    result: 'ok',
    details: { method: 'passkey' },
  });
});

test('a change of passkeys needs a recent authentication, with the second factor if there is one', async () => {
  const user = await withPasskey();
  const changes: [string, string, object?][] = [
    ['POST', '/users/me/passkeys/options'],
    ['POST', '/users/me/passkeys', { credential: user.device.create({ challenge: 'AAAA' }) }],
    ['PATCH', '/users/me/passkeys/01981f0e-6d3a-7c55-b1a4-0a2f0c9be001', { name: 'x' }],
    ['DELETE', '/users/me/passkeys/01981f0e-6d3a-7c55-b1a4-0a2f0c9be001'],
  ];
  const { access_token: fresh } = (await user.signIn()).body;
  for (const [method, path, body] of changes) {
    const call = (token: string) => server.client.call(method, path, { token, ...(body ? { body } : {}) });
    expectProblem(await call(user.token), 401, 'insufficient_user_authentication');
    expect((await call(fresh)).body.code).not.toBe('insufficient_user_authentication');
  }
});

test('a user can have 20 passkeys', async () => {
  const user = await withPasskey();
  const { access_token: token } = (await user.signIn()).body;
  const add = async () => {
    const { body } = await server.client.post<never>('/users/me/passkeys/options', { token });
    const credential = new SoftwareAuthenticator(ORIGIN).create(body);
    return await server.client.post('/users/me/passkeys', { token, body: { credential } });
  };
  for (let count = 1; count < 20; count++) expect((await add()).status).toBe(201);
  expectProblem(await add(), 409, 'too_many_passkeys');
});

test('options are the same for everybody, and asking for them stores nothing', async () => {
  const stored = () => server.get(DataSource).query('SELECT count(*)::int AS count FROM used_challenges');
  const before = await stored();
  const ask = async () => (await server.client.post<{ challenge: string }>('/auth/passkey/options')).body;
  const [one, two] = [await ask(), await ask()];
  expect(one).toEqual({
    challenge: expect.any(String),
    rpId: 'localhost',
    timeout: 300_000,
    userVerification: 'required',
  });
  expect(two.challenge).not.toBe(one.challenge);
  expect({ ...one, challenge: '' }).toEqual({ ...two, challenge: '' });
  expect(await stored()).toEqual(before);
});

test('a new passkey is named after the browser', async () => {
  const user = await PasskeyUser.signUp(server.client, newName());
  const credential = user.device.create(await user.creationOptions());
  const answer = await server.client.post('/users/me/passkeys', {
    token: user.token,
    body: { credential },
    headers: {
      'User-Agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    },
  });
  expect(answer.body).toMatchObject({ name: 'Firefox on Windows' });
});

test('a passkey steps a session up, for the session that asked', async () => {
  const user = await withPasskey();
  const options = async (token: string) =>
    (await server.client.post<PasskeyOptions>('/auth/step-up/passkey-options', { token })).body;
  const stepUp = (token: string, passkey: object) =>
    server.client.post<{ access_token: string }>('/auth/step-up', { token, body: { passkey } });
  const { access_token: other } = (await user.signIn()).body;
  expectProblem(await stepUp(user.token, user.device.get(await options(other))), 401, 'second_factor_invalid');
  const { status, body } = await stepUp(user.token, user.device.get(await options(user.token)));
  expect(status).toBe(200);
  const { amr, sid } = claimsOf(body.access_token);
  expect([amr, sid]).toEqual([['pwd', 'hwk', 'user', 'mfa'], claimsOf(user.token).sid]);
  const again = await server.client.post('/users/me/passkeys/options', { token: body.access_token });
  expect(again.status).toBe(200);
});
