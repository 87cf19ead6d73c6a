import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { addressOf, MailingServer } from '../../support/recovery.js';
import { untilDelivered } from '../../support/statements.js';

/** Nobody's inbox can be flooded, and codes can't be guessed. */
let mailing: MailingServer;
afterEach(() => mailing.stop());

const ON = { RATE_LIMIT: 'on', MAIL_SIGN_IN: 'on' };
const forgot = (body: object) => mailing.client.post('/auth/password/forgot', { body });

test('a mailbox gets five mails per hour, whoever asks and in whichever way [attack: mail flooding]', async () => {
  mailing = await MailingServer.start({ ...ON, LIMIT_MAIL_REQUESTS: '1000/1m' });
  const email = addressOf('ana');
  await mailing.registerVerified('ana', PASSWORD);
  for (const spelling of [email, email.toUpperCase()]) expect((await forgot({ email: spelling })).status).toBe(202);
  for (let asked = 0; asked < 2; asked++) {
    expect((await mailing.client.post('/auth/mail-code', { body: { email } })).status).toBe(202);
  }
  expectProblem(await forgot({ email }), 429, 'too_many_requests');
  expectProblem(await mailing.client.post('/auth/mail-code', { body: { email } }), 429, 'too_many_requests');
  // By username, the response must not reveal that the limit of the mailbox is reached.
  expect((await forgot({ username: 'ana' })).status).toBe(202);
  await untilDelivered(mailing.server.get(DataSource));
  expect(mailing.smtp.to(email)).toHaveLength(5);
  // On PostgreSQL, windows end by the clock of the database, which a test can't move.
  if (isPostgres) return;
  mailing.server.clock.advance(3_601_000);
  expect((await forgot({ email })).status).toBe(202);
});

test('a known and an unknown address reach the limit alike [attack: enumeration]', async () => {
  mailing = await MailingServer.start({ ...ON, LIMIT_MAIL_REQUESTS: '1000/1m' });
  await mailing.register('ana', PASSWORD);
  // Registration has sent the first mail.
  for (const email of [addressOf('nobody'), addressOf('ana')]) {
    const statuses: number[] = [];
    for (let asked = 0; asked < 7; asked++) statuses.push((await forgot({ email })).status);
    expect(statuses.at(-1)).toBe(429);
  }
});

test('logins of an unverified user do not use up the mails of the mailbox', async () => {
  mailing = await MailingServer.start({ ...ON, REQUIRE_VERIFIED_EMAIL: 'on' });
  await mailing.register('ana', PASSWORD);
  for (let tried = 0; tried < 8; tried++) {
    expectProblem(
      await mailing.client.post('/auth/login', { body: { username: 'ana', password: PASSWORD } }),
      403,
      'email_not_verified',
    );
  }
  const email = addressOf('ana');
  // The registration has sent the first of five.
  for (let asked = 0; asked < 4; asked++) expect((await forgot({ email })).status).toBe(202);
  expectProblem(await forgot({ email }), 429, 'too_many_requests');
});

test('an address may request 20 mails in ten minutes, and try 30 codes', async () => {
  mailing = await MailingServer.start(ON);
  for (let asked = 0; asked < 20; asked++) expect((await forgot({ username: `nobody-${asked}` })).status).toBe(202);
  expectProblem(await forgot({ username: 'nobody' }), 429, 'too_many_requests');
  const reset = () =>
    mailing.client.post('/auth/password/reset', {
      body: { email: addressOf('nobody'), code: '2222-2222', new_password: 'an entirely different passphrase' },
    });
  for (let tried = 0; tried < 30; tried++) expectProblem(await reset(), 400, 'code_invalid');
  expectProblem(await reset(), 429, 'too_many_requests');
});

test('mails requested by username do not reveal whose address it is [attack: enumeration]', async () => {
  mailing = await MailingServer.start({ ...ON, LIMIT_MAIL_REQUESTS: '1000/1m' });
  await mailing.registerVerified('ana', PASSWORD);
  const [known, unknown] = [addressOf('ana'), addressOf('nobody')];
  // As registration has sent one mail to the other.
  await forgot({ email: unknown });
  for (let asked = 0; asked < 5; asked++) expect((await forgot({ username: 'ana' })).status).toBe(202);
  await untilDelivered(mailing.server.get(DataSource));
  const statuses = async (email: string) => {
    const seen: number[] = [];
    for (let asked = 0; asked < 6; asked++) seen.push((await forgot({ email })).status);
    return seen;
  };
  expect(await statuses(known)).toEqual(await statuses(unknown));
});
