import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { addressOf, codeIn, MailingServer } from '../../support/recovery.js';

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
  const { access_token: token, refresh_token: refreshToken } = await mailing.client.logIn(name);
  return { name, token, refreshToken, email: addressOf(name), next: addressOf(`${name}-next`) };
}
const change = (token: string, email: string, password = PASSWORD) =>
  mailing.client.post('/users/me/email', { token, body: { email, current_password: password } });
const confirm = (body: object, token?: string) =>
  mailing.client.post('/auth/email/confirm-change', { body, ...(token === undefined ? {} : { token }) });
const undo = (token: string) => mailing.client.post('/auth/email/undo-change', { body: { token } });
const emailOf = async (token: string) => (await mailing.client.get('/users/me', { token })).body.email;

test('nothing changes until the new address confirms; the previous one is told', async () => {
  const { token, email, next } = await user();
  expect(await change(token, next)).toMatchObject({ status: 202, text: '' });
  const mailed = await mailing.nextCode(next);
  expect(await emailOf(token)).toBe(email);
  expect((await confirm({ token: mailed.token })).status).toBe(204);
  expect((await mailing.client.get('/users/me', { token })).body).toMatchObject({ email: next, email_verified: true });
  const notice = await mailing.smtp.next(email);
  expect(notice.text).toContain(next);
  expectProblem(await confirm({ token: mailed.token }), 400, 'code_invalid');
});

test('the code confirms it too, but only for the user who is signed in', async () => {
  const [ana, bea] = [await user(), await user()];
  await change(ana.token, ana.next);
  const { code } = await mailing.nextCode(ana.next);
  expectProblem(await confirm({ code }), 401, 'token_missing');
  expectProblem(await confirm({ code }, bea.token), 400, 'code_invalid');
  expect((await confirm({ code: code.toLowerCase() }, ana.token)).status).toBe(204);
  expect(await emailOf(ana.token)).toBe(ana.next);
});

test('requires the current password, and an address that nobody else has verified', async () => {
  const [ana, bea] = [await user(), await user()];
  expectProblem(await change(ana.token, ana.next, 'a wrong passphrase'), 403, 'wrong_password');
  expectProblem(await change(ana.token, bea.email.toUpperCase()), 409, 'email_taken');
  expectFaults(await change(ana.token, 'no address'), ['/email', 'email_invalid']);
});

test('the previous address can undo it for 72 hours, also after a reset by the new one [attack: account takeover]', async () => {
  const { name, token, refreshToken, email, next } = await user();
  await change(token, next);
  await confirm({ token: (await mailing.nextCode(next)).token });
  const { token: undoToken } = codeIn(await mailing.smtp.next(email));
  const reset = await mailing.forgot(next);
  await mailing.client.post('/auth/password/reset', { body: { token: reset.token, new_password: NEXT } });
  const thief = await mailing.client.logIn(name, NEXT);
  mailing.server.clock.advance(71 * 3_600_000);
  expect((await undo(undoToken)).status).toBe(204);
  for (const accessToken of [token, thief.access_token]) {
    expect((await mailing.client.get('/users/me', { token: accessToken })).status).toBe(401);
  }
  for (const one of [refreshToken, thief.refresh_token]) expect((await mailing.client.refresh(one)).status).toBe(401);
  // Whoever changed the address set this password.
  expect((await mailing.client.post('/auth/login', { body: { username: name, password: NEXT } })).status).toBe(401);
  const { token: restore } = codeIn(await mailing.smtp.next(email));
  const third = 'a third and even better passphrase';
  expect(
    (await mailing.client.post('/auth/password/reset', { body: { token: restore, new_password: third } })).status,
  ).toBe(204);
  expect(await emailOf((await mailing.client.logIn(name, third)).access_token)).toBe(email);
  expectProblem(await undo(undoToken), 400, 'code_invalid');
});

test('the undo of the first change wins over the undo of a later one', async () => {
  const { token, email, next } = await user();
  await change(token, next);
  await confirm({ token: (await mailing.nextCode(next)).token });
  const first = codeIn(await mailing.smtp.next(email));
  const third = next.replace('next', 'third');
  await change(token, third);
  await confirm({ token: (await mailing.nextCode(third)).token });
  const second = codeIn(await mailing.smtp.next(next));
  expect((await undo(first.token)).status).toBe(204);
  expectProblem(await undo(second.token), 400, 'code_invalid');
});

test('after 72 hours it is too late', async () => {
  const { token, email, next } = await user();
  await change(token, next);
  await confirm({ token: (await mailing.nextCode(next)).token });
  const { token: undoToken } = codeIn(await mailing.smtp.next(email));
  mailing.server.clock.advance(72 * 3_600_000 + 1000);
  expectProblem(await undo(undoToken), 410, 'code_expired');
});

test('an address belongs to who proves it: an unverified claim gives way [attack: pre-hijacking]', async () => {
  const { token, next } = await user();
  const squatter = `squatter-${users}`;
  await mailing.client.post('/auth/register', { body: { username: squatter, email: next, password: PASSWORD } });
  const claimed = codeIn(await mailing.smtp.next(next));
  const squatting = await mailing.client.logIn(squatter);
  expect((await change(token, next)).status).toBe(202);
  expect((await confirm({ token: (await mailing.nextCode(next)).token })).status).toBe(204);
  expect(await emailOf(token)).toBe(next);
  expect((await mailing.client.get('/users/me', { token: squatting.access_token })).status).toBe(401);
  expectProblem(
    await mailing.client.post('/auth/email/verify', { body: { token: claimed.token } }),
    400,
    'code_invalid',
  );
  expect(await emailOf((await mailing.client.logIn(squatter)).access_token)).toBeNull();
});

test('nobody can block the undo by registering the previous address [attack: account takeover]', async () => {
  const { name, token, email, next } = await user();
  await change(token, next);
  await confirm({ token: (await mailing.nextCode(next)).token });
  const { token: undoToken } = codeIn(await mailing.smtp.next(email));
  const squatting = { username: `${name}-squatter`, email, password: PASSWORD };
  expect((await mailing.client.post('/auth/register', { body: squatting })).status).toBe(201);
  expect((await undo(undoToken)).status).toBe(204);
  expect(await emailOf((await mailing.client.logIn(name)).access_token)).toBe(email);
});

test('a new password ends a change that was requested with the previous one [attack: account takeover]', async () => {
  const { token, email, next } = await user();
  await change(token, next);
  const mailed = await mailing.nextCode(next);
  const body = { current_password: PASSWORD, new_password: NEXT };
  expect((await mailing.client.post('/users/me/password', { token, body })).status).toBe(204);
  expectProblem(await confirm({ token: mailed.token }), 400, 'code_invalid');
  expectProblem(await confirm({ code: mailed.code }, token), 400, 'code_invalid');
  expect(await emailOf(token)).toBe(email);
});
