import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { addressOf, codeIn, MailingServer } from '../../support/recovery.js';
import { untilDelivered } from '../../support/statements.js';

/** Mails on what has happened to an account. They need the counts of the lockout, so the limits are on. */
let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start({ RATE_LIMIT: 'on', LIMIT_LOGINS: '1000/1m', LIMIT_MAIL_REQUESTS: '1000/1m' });
});
afterAll(() => mailing.stop());

const NEXT = 'an entirely different passphrase';
const FORGOT = 'http://localhost:3000/account/forgot-password';
let users = 0;
async function user() {
  const name = `user-${++users}`;
  await mailing.registerVerified(name, PASSWORD);
  return { name, email: addressOf(name) };
}
const logIn = (username: string, password: string, headers: Record<string, string> = {}) =>
  mailing.client.post<{ access_token: string }>('/auth/login', { body: { username, password }, headers });

const quiet = () => untilDelivered(mailing.server.get(DataSource));

test('the first login sends no notice, a login by another program does, and a known device does not', async () => {
  const { name, email } = await user();
  const first = await logIn(name, PASSWORD, { 'User-Agent': 'Phone/1' });
  await logIn(name, PASSWORD, { 'User-Agent': 'Phone/1' });
  await quiet();
  expect(mailing.smtp.to(email)).toHaveLength(1);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] as string;
  await logIn(name, PASSWORD, { 'User-Agent': 'Phone/2', Cookie: cookie });
  await quiet();
  expect(mailing.smtp.to(email)).toHaveLength(1);
  await logIn(name, PASSWORD, {
    'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  });
  const notice = await mailing.smtp.next(email);
  expect(notice.text).toContain('Firefox on Linux');
  expect(codeIn(notice).link).toBe(FORGOT);
  // Text from a client does not get into a mail.
  await logIn(name, PASSWORD, { 'User-Agent': 'Call 555-0100 now' });
  const other = await mailing.smtp.next(email);
  expect([other.text, other.html].join()).not.toContain('555');
});

test('a changed password sends a notice, and a reset too', async () => {
  const { name, email } = await user();
  const { access_token: token } = (await logIn(name, PASSWORD)).body;
  const body = { current_password: PASSWORD, new_password: NEXT };
  expect((await mailing.client.post('/users/me/password', { token, body })).status).toBe(204);
  expect(codeIn(await mailing.smtp.next(email)).link).toBe(FORGOT);
});

test('the wrong password that locks an account sends one notice, to the owner of the account only', async () => {
  const { name, email } = await user();
  const before = mailing.smtp.mails.length;
  for (let tries = 0; tries < 7; tries++) await logIn(name, 'a wrong passphrase');
  for (let tries = 0; tries < 7; tries++) await logIn('nobody', 'a wrong passphrase');
  expect((await logIn(name, PASSWORD)).status).toBe(429);
  expect(codeIn(await mailing.smtp.next(email)).link).toBe(FORGOT);
  await quiet();
  expect(mailing.smtp.mails.slice(before).flatMap(({ recipients }) => recipients)).toEqual([email]);
  // A new password ends the lockout.
  const { token } = await mailing.forgot(email);
  await mailing.client.post('/auth/password/reset', { body: { token, new_password: NEXT } });
  expect((await logIn(name, NEXT)).status).toBe(200);
});

test('an address that is not verified gets no notices', async () => {
  const name = `user-${++users}`;
  await mailing.register(name, PASSWORD);
  const { access_token: token } = (await logIn(name, PASSWORD)).body;
  await logIn(name, PASSWORD, { 'User-Agent': 'Other/1' });
  await mailing.client.post('/users/me/password', {
    token,
    body: { current_password: PASSWORD, new_password: NEXT },
  });
  await quiet();
  expect(mailing.smtp.to(addressOf(name))).toHaveLength(1);
});
