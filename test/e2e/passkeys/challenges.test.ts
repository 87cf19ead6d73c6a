import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import type { PasskeyOptions } from '../../support/authenticator.js';
import { expectProblem } from '../../support/matchers.js';
import { PasskeyUser } from '../../support/passkeys.js';
import { SECRET, TestServer } from '../../support/server.js';

/** Challenges: each works once, for five minutes, and only for what it was issued for. Counters detect copies of passkeys. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let users = 0;
const withPasskey = () => PasskeyUser.withPasskey(server.client, `user-${++users}`);
const optionsOf = async (path: string, options: object = {}) =>
  (await server.client.post<PasskeyOptions>(path, options)).body;
const signInWith = (credential: object) =>
  server.client.post<{ access_token: string }>('/auth/passkey', { body: { credential } });
const stored = async () =>
  (await server.get(DataSource).query('SELECT count(*)::int AS count FROM used_challenges'))[0].count;

test('a response that was sent before is refused [ASVS 6.7.2] [attack: replayed challenge]', async () => {
  const user = await withPasskey();
  const options = await optionsOf('/auth/passkey/options');
  const credential = user.device.get(options);
  expect((await signInWith(credential)).status).toBe(200);
  expectProblem(await signInWith(credential), 401, 'passkey_invalid');
  // A new signature does not help.
  expectProblem(await signInWith(user.device.get(options)), 401, 'passkey_invalid');
});

test('of 16 requests at once with one response, one starts a session [ASVS 6.7.2]', async () => {
  const user = await withPasskey();
  const credential = user.device.get(await optionsOf('/auth/passkey/options'));
  const answers = await Promise.all(Array.from({ length: 16 }, () => signInWith(credential)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(15).fill(401)]);
});

test('a new passkey uses its challenge up too', async () => {
  const user = await PasskeyUser.signUp(server.client, `user-${++users}`);
  const options = await user.creationOptions();
  const body = { credential: user.device.create(options) };
  expect((await server.client.post('/users/me/passkeys', { token: user.token, body })).status).toBe(201);
  const { access_token: token } = (await user.signIn()).body;
  await server.client.call('DELETE', `/users/me/passkeys/${await idOf(token)}`, { token });
  expectProblem(await server.client.post('/users/me/passkeys', { token, body }), 400, 'passkey_invalid');
});

const idOf = async (token: string) =>
  (await server.client.get<{ passkeys: { id: string }[] }>('/users/me/passkeys', { token })).body.passkeys[0]?.id;

test('a response that is refused leaves the challenge usable, and stores nothing', async () => {
  const user = await withPasskey();
  const options = await optionsOf('/auth/passkey/options');
  const before = await stored();
  expectProblem(await signInWith(user.device.get(options, { signed: () => randomBytes(9) })), 401, 'passkey_invalid');
  expect(await stored()).toBe(before);
  expect((await signInWith(user.device.get(options))).status).toBe(200);
  expect(await stored()).toBe(before + 1);
});

test('a challenge is for one purpose, and for who asked for it', async () => {
  const [user, other] = [await withPasskey(), await withPasskey()];
  const { access_token: token } = (await user.signIn()).body;
  const { access_token: foreign } = (await other.signIn()).body;
  const [first, second] = [await user.mfaToken(), await user.mfaToken()];
  const challenges: Record<string, PasskeyOptions> = {
    'of a registration': await optionsOf('/users/me/passkeys/options', { token }),
    'of a step-up': await optionsOf('/auth/step-up/passkey-options', { token }),
    'of the step-up of another session': await optionsOf('/auth/step-up/passkey-options', { token: foreign }),
    'of another sign-in': await user.secondFactorOptions(second),
    'of a sign-in without a username': await optionsOf('/auth/passkey/options'),
  };
  for (const [name, { challenge }] of Object.entries(challenges)) {
    const passkey = user.device.get({ challenge, rpId: 'localhost' });
    const signedIn = await signInWith(passkey);
    expect([name, signedIn.status]).toEqual([name, name === 'of a sign-in without a username' ? 200 : 401]);
    const body = { mfa_token: first, passkey };
    if (name === 'of a registration') continue;
    const proved = await server.client.post('/auth/second-factor', { body });
    expect([name, proved.status, proved.body.code]).toEqual([name, 401, 'second_factor_invalid']);
  }
  const { challenge } = await optionsOf('/users/me/passkeys/options', { token: foreign });
  for (const used of [challenge, challenges['of a step-up']?.challenge as string]) {
    const credential = user.device.create({ challenge: used, rp: { id: 'localhost' } });
    const answer = await server.client.post('/users/me/passkeys', { token, body: { credential } });
    expectProblem(answer, 400, 'passkey_invalid');
  }
});

test.each([
  ['the version', 0],
  ['the random part', 3],
  ['the expiry', 20],
  ['the MAC', 40],
])('a challenge in which %s was changed is refused', async (_, index) => {
  const user = await withPasskey();
  const options = await optionsOf('/auth/passkey/options');
  const bytes = Buffer.from(options.challenge, 'base64url');
  bytes[index] = (bytes[index] as number) ^ 1;
  for (const challenge of [bytes.toString('base64url'), `${options.challenge}=`, options.challenge.slice(0, -4)])
    expectProblem(await signInWith(user.device.get({ ...options, challenge })), 401, 'passkey_invalid');
});

test('a challenge has at least 64 random bits [ASVS 6.7.2]', async () => {
  const parts = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const { challenge } = await optionsOf('/auth/passkey/options');
      return Buffer.from(challenge, 'base64url').subarray(1, 17).toString('hex');
    }),
  );
  expect(new Set(parts).size).toBe(50);
});

test('a challenge works for five minutes, and is forgotten only after an hour more', async () => {
  const user = await withPasskey();
  const [early, late] = [await optionsOf('/auth/passkey/options'), await optionsOf('/auth/passkey/options')];
  server.clock.advance(299_000);
  expect((await signInWith(user.device.get(early))).status).toBe(200);
  server.clock.advance(1000);
  expectProblem(await signInWith(user.device.get(late)), 401, 'passkey_invalid');
  const cleanup = server.get(Cleanup);
  await cleanup.run();
  expect(await stored()).toBeGreaterThan(0);
  server.clock.advance(3_600_000);
  await cleanup.run();
  expect(await stored()).toBe(0);
});

test('a challenge of the previous PORTERO_SECRET works, and one of another secret does not', async () => {
  const user = await withPasskey();
  const credential = user.device.get(await optionsOf('/auth/passkey/options'));
  const next = Buffer.alloc(32, 9).toString('base64url');
  await server.restart({ PORTERO_SECRET: next, PORTERO_SECRET_PREVIOUS: SECRET });
  expect((await signInWith(credential)).status).toBe(200);
  const other = await TestServer.start({ PORTERO_SECRET: Buffer.alloc(32, 5).toString('base64url') });
  const { body: foreign } = await other.client.post<PasskeyOptions>('/auth/passkey/options');
  await other.stop();
  expectProblem(await signInWith(user.device.get(foreign)), 401, 'passkey_invalid');
});
