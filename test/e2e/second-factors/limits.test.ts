import { DataSource } from 'typeorm';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { Authenticator, firstStep, secondStep, signUpWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** LIMIT_SECOND_FACTORS: wrong codes of a user, whatever token, session or address they come from. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterAll(() => server.stop());

const now = () => server.clock.now();

test('after ten wrong codes within 15 minutes, no code of the user is accepted, and others are not affected [ASVS 6.6.3]', async () => {
  const [ana, ben] = [
    await signUpWithTotp(server.client, 'ana', now()),
    await signUpWithTotp(server.client, 'ben', now()),
  ];
  const use = async (username: string, evidence: object) =>
    secondStep(server.client, (await firstStep(server.client, username)).mfa_token, evidence);
  for (let n = 0; n < 5; n++) {
    expectProblem(await use('ana', { totp: ana.app.wrongCode(now()) }), 401, 'second_factor_invalid');
    expectProblem(await use('ana', { recovery_code: 'ABCDE-FGHJK' }), 401, 'second_factor_invalid');
  }
  for (const evidence of [{ totp: ana.app.code(now()) }, { recovery_code: ana.recoveryCodes[0] }]) {
    expectProblem(await use('ana', evidence), 429, 'too_many_requests');
  }
  expect((await use('ben', { totp: ben.app.code(now()) })).status).toBe(200);
  const events = await server
    .get(DataSource)
    .query(
      `SELECT type, count(*)::int AS n FROM audit_events WHERE type IN ('second_factor.refused', 'limit.hit') GROUP BY 1 ORDER BY 1`,
    );
  expect(events[1]).toEqual({ type: 'second_factor.refused', n: 10 });
  server.clock.advance(15 * 60_000 + 1000);
  // On PostgreSQL the counts have the time of the machine.
  await server.get(DataSource).query('DELETE FROM rate_limits');
  // They were not used up.
  const late = await use('ana', { recovery_code: ana.recoveryCodes[0] });
  expect([late.status, late.body.code]).toEqual([200, undefined]);
  expect((await use('ana', { totp: ana.app.code(now()) })).status).toBe(200);
});

test('right codes do not count', async () => {
  const { recoveryCodes } = await signUpWithTotp(server.client, 'carla', now());
  for (const code of recoveryCodes) {
    const { mfa_token } = await firstStep(server.client, 'carla');
    expect((await secondStep(server.client, mfa_token, { recovery_code: code })).status).toBe(200);
  }
  const { mfa_token } = await firstStep(server.client, 'carla');
  expectProblem(
    await secondStep(server.client, mfa_token, { recovery_code: recoveryCodes[0] }),
    401,
    'second_factor_invalid',
  );
});

test('wrong first codes of an app that is being set up count too', async () => {
  const { access_token: token } = await server.client.signUp('dora');
  const begun = await server.client.post<{ secret: string }>('/users/me/totp', { token });
  const app = new Authenticator(begun.body.secret);
  const confirm = (code: string) => server.client.post('/users/me/totp/confirm', { token, body: { code } });
  for (let n = 0; n < 10; n++) expectProblem(await confirm(app.wrongCode(now())), 400, 'code_invalid');
  expectProblem(await confirm(app.code(now())), 429, 'too_many_requests');
});
