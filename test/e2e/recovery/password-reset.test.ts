import { OutboxWorker } from '../../../src/outbox/outbox-worker.js';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { addressOf, MailingServer } from '../../support/recovery.js';
import { roundTripsDuring } from '../../support/round-trips.js';

let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start();
});
afterAll(() => mailing.stop());

const NEXT = 'an entirely different passphrase';
let users = 0;
async function user() {
  const name = `user-${++users}`;
  await mailing.registerVerified(name, PASSWORD);
  return { name, email: addressOf(name) };
}
const reset = (body: object) => mailing.client.post('/auth/password/reset', { body });
const logIn = async (username: string, password: string) =>
  (await mailing.client.post('/auth/login', { body: { username, password } })).status;

test('a link sets a new password once, and ends every session', async () => {
  const { name, email } = await user();
  const tokens = await mailing.client.logIn(name);
  const { token } = await mailing.forgot(email);
  expect(await reset({ token, new_password: NEXT })).toMatchObject({ status: 204, text: '' });
  expect(await logIn(name, PASSWORD)).toBe(401);
  expect(await logIn(name, NEXT)).toBe(200);
  expect((await mailing.client.get('/users/me', { token: tokens.access_token })).status).toBe(401);
  expect((await mailing.client.refresh(tokens.refresh_token)).status).toBe(401);
  expectProblem(await reset({ token, new_password: PASSWORD }), 400, 'code_invalid');
  expect((await mailing.smtp.next(email)).subject).toMatch(/password/i);
});

test('a typed code does the same, in any letter case, with or without the hyphen', async () => {
  for (const spell of [
    (code: string) => code.toLowerCase(),
    (code: string) => code.replace('-', ''),
    (code: string) => ` ${code.replace('-', ' ')} `,
  ]) {
    const { email } = await user();
    const { code } = await mailing.forgot(email);
    expect(code).toMatch(/^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/);
    const body = { email: email.toUpperCase(), code: spell(code), new_password: NEXT };
    expect((await reset(body)).status).toBe(204);
  }
});

test('after five wrong codes the right one is refused too [ASVS 6.6.3]', async () => {
  const { email } = await user();
  const { code } = await mailing.forgot(email);
  for (let tries = 0; tries < 5; tries++) {
    expectProblem(await reset({ email, code: '2222-2222', new_password: NEXT }), 400, 'code_invalid');
  }
  expectProblem(await reset({ email, code, new_password: NEXT }), 400, 'code_invalid');
});

test('four wrong codes leave the right one usable', async () => {
  const { email } = await user();
  const { code } = await mailing.forgot(email);
  const wrong = Array.from({ length: 4 }, () => reset({ email, code: '2222-2222', new_password: NEXT }));
  for (const answer of await Promise.all(wrong)) expectProblem(answer, 400, 'code_invalid');
  expect((await reset({ email, code, new_password: NEXT })).status).toBe(204);
});

test('of 16 requests with the same code at once, one succeeds [ASVS 6.5.1]', async () => {
  const { email } = await user();
  const { token, code } = await mailing.forgot(email);
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, index) =>
      reset({ ...(index % 2 === 0 ? { token } : { email, code }), new_password: `${NEXT} ${index}` }),
    ),
  );
  expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  for (const answer of answers) if (answer.status !== 204) expectProblem(answer, 400, 'code_invalid');
});

test('a rejected password leaves the code usable', async () => {
  const { email } = await user();
  const { code } = await mailing.forgot(email);
  for (let tries = 0; tries < 6; tries++) {
    expectProblem(await reset({ email, code, new_password: 'password' }), 422, 'password_rejected');
  }
  expect((await reset({ email, code, new_password: NEXT })).status).toBe(204);
});

test('the latest mail counts', async () => {
  const { email } = await user();
  const first = await mailing.forgot(email);
  const second = await mailing.forgot(email);
  expectProblem(await reset({ token: first.token, new_password: NEXT }), 400, 'code_invalid');
  expectProblem(await reset({ email, code: first.code, new_password: NEXT }), 400, 'code_invalid');
  expect((await reset({ token: second.token, new_password: NEXT })).status).toBe(204);
});

test('a code is valid for ten minutes [ASVS 6.5.5]', async () => {
  const { email } = await user();
  const early = await mailing.forgot(email);
  mailing.server.clock.advance(9 * 60_000 + 58_000);
  expectProblem(await reset({ token: early.token, new_password: 'password' }), 422, 'password_rejected');
  mailing.server.clock.advance(3000);
  expectProblem(await reset({ token: early.token, new_password: NEXT }), 410, 'code_expired');
  expectProblem(await reset({ email, code: early.code, new_password: NEXT }), 410, 'code_expired');
  expectProblem(await reset({ email, code: '2222-2222', new_password: NEXT }), 400, 'code_invalid');
});

test('a code of one purpose, user or address is refused for another [ASVS 6.6.2]', async () => {
  const { token: verification } = await mailing.register(`user-${++users}`, PASSWORD);
  expectProblem(await reset({ token: verification, new_password: NEXT }), 400, 'code_invalid');
  const [ana, bea] = [await user(), await user()];
  const { code, token } = await mailing.forgot(ana.email);
  expectProblem(await reset({ email: bea.email, code, new_password: NEXT }), 400, 'code_invalid');
  expectProblem(await mailing.client.post('/auth/email/verify', { body: { token } }), 400, 'code_invalid');
  expectProblem(await mailing.client.post('/auth/email/undo-change', { body: { token } }), 400, 'code_invalid');
});

test('a forgotten password of a known and of an unknown user: same response, same statements [ASVS 6.3.8]', async () => {
  const own = await MailingServer.start();
  await own.registerVerified('ana', PASSWORD);
  const email = addressOf('ana');
  // Mails are made in the background. Without it, the statements of the requests remain.
  await own.server.get(OutboxWorker).beforeApplicationShutdown();
  const seen: string[] = [];
  const bodies = [{ email }, { email: 'nobody@example.com' }, { username: 'ana' }, { username: 'nobody' }];
  for (const body of bodies) {
    let answer = {};
    const statements = await roundTripsDuring(async () => {
      const { status, text, headers } = await own.client.post('/auth/password/forgot', { body });
      answer = { status, text, headers: [...headers.keys()].sort() };
    });
    expect(statements).toHaveLength(1);
    seen.push(JSON.stringify({ statements, answer }));
  }
  expect(new Set(seen).size).toBe(1);
  await own.server.restart();
  expect((await own.smtp.next(email)).subject).toMatch(/password/i);
  expect((await own.smtp.next(email)).subject).toMatch(/password/i);
  expect(own.smtp.mails.every(({ recipients }) => recipients.join() === email)).toBe(true);
  await own.stop();
});

test('mail goes to the stored address, whatever spelling was sent [attack: identity]', async () => {
  const { email } = await user();
  const before = mailing.smtp.mails.length;
  for (const spelling of [email.toUpperCase(), email.replace('@', '＠')]) {
    await mailing.client.post('/auth/password/forgot', { body: { email: spelling } });
    expect((await mailing.smtp.next(email)).recipients).toEqual([email]);
  }
  expect(mailing.smtp.mails.slice(before).flatMap(({ recipients }) => recipients)).toEqual([email, email]);
});

test('links come from PUBLIC_URL, never from a header of the request [attack: host poisoning]', async () => {
  const { email } = await user();
  const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.example' };
  await mailing.client.post('/auth/password/forgot', { body: { email }, headers });
  const { link } = await mailing.nextCode(email);
  expect(link).toMatch(/^http:\/\/localhost:3000\/account\/reset-password\?token=[\w-]{43}$/);
});

test('a reset proves the address, and removes what an unverified registrant had [attack: pre-hijacking]', async () => {
  const name = `user-${++users}`;
  const email = addressOf(name);
  const { token: verification } = await mailing.register(name, PASSWORD);
  const tokens = await mailing.client.logIn(name);
  const { token } = await mailing.forgot(email);
  expect((await reset({ token, new_password: NEXT })).status).toBe(204);
  expect((await mailing.client.get('/users/me', { token: tokens.access_token })).status).toBe(401);
  expect(await logIn(name, PASSWORD)).toBe(401);
  const { body } = await mailing.client.get('/users/me', {
    token: (await mailing.client.logIn(name, NEXT)).access_token,
  });
  expect(body).toMatchObject({ email, email_verified: true });
  expectProblem(
    await mailing.client.post('/auth/email/verify', { body: { token: verification } }),
    400,
    'code_invalid',
  );
});

test('reports missing fields', async () => {
  expectFaults(await mailing.client.post('/auth/password/forgot', { body: {} }), ['/email', 'required']);
  expectFaults(await reset({ new_password: NEXT }), ['/token', 'required']);
  expectFaults(await reset({ email: 'a@example.com', new_password: NEXT }), ['/code', 'required']);
  expectFaults(await reset({ code: '2222-2222', new_password: NEXT }), ['/email', 'required']);
});
