import { DataSource } from 'typeorm';
import type { PasskeyOptions } from '../../support/authenticator.js';
import { expectProblem } from '../../support/matchers.js';
import { claimsOf, PasskeyUser } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

/** Counters of authenticators (WebAuthn section 6.1.1), which reveal copies of a passkey. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let users = 0;
const withPasskey = () => PasskeyUser.withPasskey(server.client, `user-${++users}`);
const eventsOf = async (user: PasskeyUser): Promise<object[]> =>
  await server
    .get(DataSource)
    .query(`SELECT type, result FROM audit_events WHERE user_id = $1 AND result = 'refused' ORDER BY id`, [
      claimsOf(user.token).sub,
    ]);

test('a counter that does not increase is refused and recorded [attack: cloned passkey]', async () => {
  const user = await withPasskey();
  expect((await user.signIn({ counter: 7 })).status).toBe(200);
  for (const counter of [7, 6, 0]) expectProblem(await user.signIn({ counter }), 401, 'passkey_invalid');
  expect((await user.signIn({ counter: 8 })).status).toBe(200);
  const cloned = { type: 'passkey.cloned', result: 'refused' };
  const login = { type: 'login', result: 'refused' };
  expect(await eventsOf(user)).toEqual([cloned, login, cloned, login, cloned, login]);
});

test('a counter is judged only after the signature', async () => {
  const user = await withPasskey();
  expect((await user.signIn({ counter: 7 })).status).toBe(200);
  expectProblem(await user.signIn({ counter: 1, signed: () => Buffer.from('x') }), 401, 'passkey_invalid');
  expect(await eventsOf(user)).toEqual([{ type: 'login', result: 'refused' }]);
});

test('an authenticator without a counter is accepted again and again', async () => {
  const user = await withPasskey();
  for (let use = 0; use < 3; use++) expect((await user.signIn({ counter: 0 })).status).toBe(200);
});

test('the greatest counter is accepted', async () => {
  const user = await withPasskey();
  expect((await user.signIn({ counter: 0xffff_ffff })).status).toBe(200);
  expectProblem(await user.signIn({ counter: 1 }), 401, 'passkey_invalid');
});

test('of a passkey and its copy, which answer at once with one counter, one is accepted', async () => {
  const user = await withPasskey();
  const credentials = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { body } = await server.client.post<PasskeyOptions>('/auth/passkey/options');
      return user.device.get(body, { counter: 5 });
    }),
  );
  const answers = await Promise.all(
    credentials.map((credential) => server.client.post('/auth/passkey', { body: { credential } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
});

test('a copy is refused as a second factor too', async () => {
  const user = await withPasskey();
  expect((await user.signIn({ counter: 3 })).status).toBe(200);
  const mfa_token = await user.mfaToken();
  const passkey = user.device.get(await user.secondFactorOptions(mfa_token), { counter: 3 });
  const answer = await server.client.post('/auth/second-factor', { body: { mfa_token, passkey } });
  expectProblem(answer, 401, 'second_factor_invalid');
  expect(await eventsOf(user)).toEqual([
    { type: 'passkey.cloned', result: 'refused' },
    { type: 'second_factor.refused', result: 'refused' },
  ]);
});
