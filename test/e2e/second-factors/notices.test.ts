import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { addressOf, codeIn, MailingServer } from '../../support/recovery.js';
import { firstStep, logInWithTotp, secondStep, setUpTotp } from '../../support/second-factors.js';
import { untilDelivered } from '../../support/statements.js';

/** Mails about second factors. */
let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start();
});
afterAll(() => mailing.stop());

const FORGOT = 'http://localhost:3000/account/forgot-password';
const now = () => mailing.server.clock.now();

test('a factor that is added or removed, and a recovery code that is used, are told by mail [ASVS 6.3.7]', async () => {
  await mailing.registerVerified('ana', PASSWORD);
  const email = addressOf('ana');
  const tokens = await mailing.client.logIn('ana');
  const user = { username: 'ana', tokens, ...(await setUpTotp(mailing.client, tokens.access_token, now())) };
  const added = await mailing.smtp.next(email);
  expect(added.subject).toBe('A second factor was added to your account at Portero');
  expect(added.text).toContain('Second factor: authenticator app');
  expect(codeIn(added).link).toBe(FORGOT);
  const { mfa_token } = await firstStep(mailing.client, 'ana');
  const used = await secondStep(mailing.client, mfa_token, { recovery_code: user.recoveryCodes[3] });
  expect(used.status).toBe(200);
  const notice = await mailing.smtp.next(email);
  expect(notice.subject).toBe('A recovery code of your account at Portero was used');
  expect(notice.text).toContain('Recovery codes left: 9');
  // A refused code sends nothing.
  const next = await firstStep(mailing.client, 'ana');
  await secondStep(mailing.client, next.mfa_token, { recovery_code: user.recoveryCodes[3] });
  await untilDelivered(mailing.server.get(DataSource));
  const before = mailing.smtp.to(email).length;
  const { access_token: token } = await logInWithTotp(mailing.server, user);
  expect((await mailing.client.call('DELETE', '/users/me/totp', { token })).status).toBe(204);
  expect((await mailing.smtp.next(email)).subject).toBe('A second factor was removed from your account at Portero');
  expect(mailing.smtp.to(email)).toHaveLength(before + 1);
});

test('an address that is not verified gets none', async () => {
  await mailing.register('ben', PASSWORD);
  const { access_token: token } = await mailing.client.logIn('ben');
  await setUpTotp(mailing.client, token, now());
  await untilDelivered(mailing.server.get(DataSource));
  expect(mailing.smtp.to(addressOf('ben'))).toHaveLength(1);
});
