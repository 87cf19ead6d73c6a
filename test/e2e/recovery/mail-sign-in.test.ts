import { decodeJwt } from 'jose';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { addressOf, MailingServer } from '../../support/recovery.js';

let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start({ MAIL_SIGN_IN: 'on' });
});
afterAll(() => mailing.stop());

let users = 0;
async function user() {
  const name = `user-${++users}`;
  await mailing.registerVerified(name, PASSWORD);
  return { name, email: addressOf(name) };
}
const request = (email: string) => mailing.client.post('/auth/mail-code', { body: { email } });
const logIn = (body: object) => mailing.client.post<{ access_token: string }>('/auth/mail-code/login', { body });

test('a code or the link of a mail starts a session, once', async () => {
  const { email } = await user();
  expect(await request(email)).toMatchObject({ status: 202, text: '' });
  const { code } = await mailing.nextCode(email);
  const { status, body } = await logIn({ email, code });
  expect(status).toBe(200);
  expect(decodeJwt(body.access_token)).toMatchObject({ amr: ['otp'] });
  expect((await mailing.client.get('/users/me', { token: body.access_token })).body).toMatchObject({ email });
  expectProblem(await logIn({ email, code }), 400, 'code_invalid');
  await request(email);
  const { token } = await mailing.nextCode(email);
  const cookie = await logIn({ token, transport: 'cookie' });
  expect(cookie.headers.get('set-cookie')).toMatch(/^portero=/);
});

test('an unknown address gets the same response and no mail', async () => {
  const { email } = await user();
  const shape = ({ status, text, headers }: Awaited<ReturnType<typeof request>>) => [status, text, [...headers.keys()]];
  expect(shape(await request('nobody@example.com'))).toEqual(shape(await request(email)));
  await mailing.smtp.next(email);
  expect(mailing.smtp.to('nobody@example.com')).toEqual([]);
});

test('of 16 logins with the same code at once, one succeeds [ASVS 6.5.1]', async () => {
  const { email } = await user();
  await request(email);
  const { token, code } = await mailing.nextCode(email);
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, index) => logIn(index % 2 === 0 ? { token } : { email, code })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('whoever signs in by mail has proved the address: an unverified registrant keeps nothing [attack: pre-hijacking]', async () => {
  const name = `user-${++users}`;
  const email = addressOf(name);
  await mailing.register(name, PASSWORD);
  const { access_token } = await mailing.client.logIn(name);
  await request(email);
  const { token } = await mailing.nextCode(email);
  const { body } = await logIn({ token });
  expect((await mailing.client.get('/users/me', { token: body.access_token })).body).toMatchObject({
    email_verified: true,
  });
  expect((await mailing.client.get('/users/me', { token: access_token })).status).toBe(401);
  expect((await mailing.client.post('/auth/login', { body: { username: name, password: PASSWORD } })).status).toBe(401);
});

test('is off by default', async () => {
  const off = await MailingServer.start();
  expectProblem(await off.client.post('/auth/mail-code', { body: { email: 'a@example.com' } }), 404, 'not_found');
  const body = { email: 'a@example.com', code: '2222-2222' };
  expectProblem(await off.client.post('/auth/mail-code/login', { body }), 404, 'not_found');
  await off.stop();
});
