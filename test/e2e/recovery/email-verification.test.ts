import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { addressOf, codeIn, MailingServer } from '../../support/recovery.js';

let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start();
});
afterAll(() => mailing.stop());

let users = 0;
const newName = () => `user-${++users}`;
const verify = (body: object) => mailing.client.post('/auth/email/verify', { body });

test('registration sends a mail whose link verifies the address once', async () => {
  const name = newName();
  const { token } = await mailing.register(name, PASSWORD);
  const { access_token } = await mailing.client.logIn(name);
  const me = async () => (await mailing.client.get('/users/me', { token: access_token })).body;
  expect(await me()).toMatchObject({ email_verified: false });
  expect(await verify({ token })).toMatchObject({ status: 204, text: '' });
  expect(await me()).toMatchObject({ email_verified: true });
  expectProblem(await verify({ token }), 400, 'code_invalid');
});

test('the code does the same', async () => {
  const name = newName();
  const { code } = await mailing.register(name, PASSWORD);
  expect((await verify({ email: addressOf(name), code })).status).toBe(204);
});

test('another mail can be requested, which replaces the first one; none is sent once the address is verified', async () => {
  const name = newName();
  const first = await mailing.register(name, PASSWORD);
  const { access_token: token } = await mailing.client.logIn(name);
  expect((await mailing.client.post('/auth/email/verification', { token })).status).toBe(202);
  const second = await mailing.nextCode(addressOf(name));
  expectProblem(await verify({ token: first.token }), 400, 'code_invalid');
  expect((await verify({ token: second.token })).status).toBe(204);
  expect((await mailing.client.post('/auth/email/verification', { token })).status).toBe(202);
  expect(mailing.smtp.to(addressOf(name))).toHaveLength(2);
  expectProblem(await mailing.client.post('/auth/email/verification'), 401, 'token_missing');
});

test('a code verifies an address for 24 hours', async () => {
  const { token } = await mailing.register(newName(), PASSWORD);
  mailing.server.clock.advance(24 * 3_600_000 + 1000);
  expectProblem(await verify({ token }), 410, 'code_expired');
});

test('mails are in the language of the registration, which the user can change', async () => {
  const name = newName();
  const body = { username: name, email: addressOf(name), password: PASSWORD };
  const headers = { 'Accept-Language': 'es-MX, en;q=0.5' };
  expect((await mailing.client.post('/auth/register', { body, headers })).body).toMatchObject({ language: 'es' });
  const spanish = await mailing.smtp.next(addressOf(name));
  const { access_token: token } = await mailing.client.logIn(name);
  const changed = await mailing.client.call('PATCH', '/users/me', { token, body: { language: 'en' } });
  expect(changed).toMatchObject({ status: 200, body: { username: name, language: 'en' } });
  await mailing.client.post('/auth/email/verification', { token });
  const english = await mailing.smtp.next(addressOf(name));
  expect(english.subject).not.toBe(spanish.subject);
  expectFaults(await mailing.client.call('PATCH', '/users/me', { token, body: { language: 'fr' } }), [
    '/language',
    'language_unknown',
  ]);
});

test('with REQUIRE_VERIFIED_EMAIL, the right password of an unverified user gets a new mail, at most once a minute', async () => {
  const strict = await MailingServer.start({ REQUIRE_VERIFIED_EMAIL: 'on' });
  const logIn = (password: string) => strict.client.post('/auth/login', { body: { username: 'ana', password } });
  await strict.register('ana', PASSWORD);
  expectProblem(await logIn('a wrong passphrase'), 401, 'invalid_credentials');
  expectProblem(await logIn(PASSWORD), 403, 'email_not_verified');
  expect(strict.smtp.to(addressOf('ana'))).toHaveLength(1);
  strict.server.clock.advance(61_000);
  const answers = await Promise.all([logIn(PASSWORD), logIn(PASSWORD), logIn(PASSWORD)]);
  for (const answer of answers) expectProblem(answer, 403, 'email_not_verified');
  const { token } = await strict.nextCode(addressOf('ana'));
  expect(strict.smtp.to(addressOf('ana'))).toHaveLength(2);
  await strict.client.post('/auth/email/verify', { body: { token } });
  expect((await logIn(PASSWORD)).status).toBe(200);
  await strict.stop();
});

test('with REGISTRATION=private, a new and a known address get the same response, and the rest by mail', async () => {
  const closed = await MailingServer.start({ REGISTRATION: 'private', REGISTRATION_REQUIRES: 'email' });
  const register = (email: string, password = PASSWORD) =>
    closed.client.post('/auth/register', { body: { email, password } });
  const logIn = (email: string, password = PASSWORD) =>
    closed.client.post('/auth/login', { body: { email, password } });
  const shape = ({ status, text, headers }: Awaited<ReturnType<typeof register>>) => ({
    status,
    text,
    headers: [...headers.keys()].sort(),
  });
  const email = addressOf('ana');
  const first = await register(email);
  expect(first.status).toBe(202);
  // Before the confirmation, the right password and a wrong one get the same response, too.
  const { token } = await closed.nextCode(email);
  expectProblem(await logIn(email), 401, 'invalid_credentials');
  expect((await closed.client.post('/auth/email/verify', { body: { token } })).status).toBe(204);
  const { access_token } = (await logIn(email)).body as { access_token: string };
  expect((await closed.client.get('/users/me', { token: access_token })).body).toMatchObject({
    email,
    email_verified: true,
  });
  const second = await register(email, 'the passphrase of somebody else');
  expect(shape(second)).toEqual(shape(first));
  const { link, code } = codeIn(await closed.smtp.next(email));
  expect([link, code]).toEqual(['http://localhost:3000/account/forgot-password', '']);
  expect((await logIn(email)).status).toBe(200);
  expectFaults(await closed.client.post('/auth/register', { body: { username: 'bea', password: PASSWORD } }), [
    '/email',
    'required',
  ]);
  await closed.stop();
});

test('a private registration does not replace that of somebody else [attack: pre-hijacking]', async () => {
  const closed = await MailingServer.start({ REGISTRATION: 'private', REGISTRATION_REQUIRES: 'email' });
  const email = addressOf('ana');
  const other = 'the passphrase of a stranger';
  const register = (username: string, password: string) =>
    closed.client.post('/auth/register', { body: { username, email, password } });
  const confirm = (body: object) => closed.client.post('/auth/email/verify', { body });
  await register('ana', PASSWORD);
  const own = await closed.nextCode(email);
  await register('stranger', other);
  const foreign = await closed.nextCode(email);
  // Wrong codes count for both.
  for (let tries = 0; tries < 4; tries++)
    expectProblem(await confirm({ email, code: '2222-2222' }), 400, 'code_invalid');
  expect((await confirm({ email, code: own.code })).status).toBe(204);
  expectProblem(await confirm({ token: foreign.token }), 400, 'code_invalid');
  await closed.client.logIn('ana');
  const { status } = await closed.client.post('/auth/login', { body: { email, password: other } });
  expect(status).toBe(401);
  await closed.stop();
});
