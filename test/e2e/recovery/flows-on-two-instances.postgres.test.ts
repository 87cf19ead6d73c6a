import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { TwoInstances } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { addressOf, codeIn, type MailedCode } from '../../support/recovery.js';
import { SmtpTestServer } from '../../support/smtp.js';

/** One-time codes on two servers with one database. */
let smtp: SmtpTestServer;
let instances: TwoInstances;
beforeAll(async () => {
  if (!isPostgres) return;
  smtp = await SmtpTestServer.start();
  instances = await TwoInstances.start({ SMTP_URL: smtp.url, MAIL_SIGN_IN: 'on', MAIL_TIMEOUT: '1s' });
});
afterAll(async () => {
  await instances?.stop();
  await smtp?.stop();
});

const NEW_PASSWORD = 'another horse, another staple';
const REQUESTS = 16;

/** The instance whose turn it is. */
const instance = (turn: number) => (turn % 2 === 0 ? instances.a : instances.b).client;
const post = (turn: number, path: string, body: object, token?: string) =>
  instance(turn).post<{ code?: string }>(path, { body, ...(token === undefined ? {} : { token }) });

/** Sends one request per body, all at once, half of them to each instance. @returns how often each result occurred */
async function atOnce(path: string, bodies: object[]): Promise<Record<string, number>> {
  const answers = await Promise.all(bodies.map((body, turn) => post(turn, path, body)));
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const result = [status, body.code].filter(Boolean).join(' ');
    counts[result] = (counts[result] ?? 0) + 1;
  }
  return counts;
}

async function nextCode(email: string): Promise<MailedCode> {
  return codeIn(await smtp.next(email));
}

/** Registers on A. @returns the mail to verify the address */
async function register(): Promise<{ name: string; email: string; mail: MailedCode }> {
  const name = instances.newName();
  const email = addressOf(name);
  expect((await post(0, '/auth/register', { username: name, email, password: PASSWORD })).status).toBe(201);
  return { name, email, mail: await nextCode(email) };
}

async function verified(): Promise<{ name: string; email: string }> {
  const { name, email, mail } = await register();
  expect((await post(0, '/auth/email/verify', { token: mail.token })).status).toBe(204);
  return { name, email };
}

async function forgot(email: string, turn = 0): Promise<MailedCode> {
  expect((await post(turn, '/auth/password/forgot', { email })).status).toBe(202);
  return await nextCode(email);
}

/** Changes the address up to the mail to the new one, or to the one that undoes it. */
async function changed(until: 'confirm' | 'undo'): Promise<{ mail: MailedCode; body: object }> {
  const { name, email } = await verified();
  const { access_token } = await instances.a.client.logIn(name);
  const next = addressOf(`${name}-next`);
  await post(0, '/users/me/email', { email: next, current_password: PASSWORD }, access_token);
  let mail = await nextCode(next);
  if (until === 'undo') {
    await post(0, '/auth/email/confirm-change', { token: mail.token });
    mail = await nextCode(email);
  }
  return { mail, body: {} };
}

const RACES: [string, string, () => Promise<{ mail: MailedCode; body: object }>, string][] = [
  ['verifies an address', '/auth/email/verify', async () => ({ mail: (await register()).mail, body: {} }), '204'],
  [
    'sets a password',
    '/auth/password/reset',
    async () => ({ mail: await forgot((await verified()).email), body: { new_password: NEW_PASSWORD } }),
    '204',
  ],
  ['confirms a new address', '/auth/email/confirm-change', () => changed('confirm'), '204'],
  ['undoes the change of an address', '/auth/email/undo-change', () => changed('undo'), '204'],
  [
    'signs in by mail',
    '/auth/mail-code/login',
    async () => {
      const { email } = await verified();
      await post(0, '/auth/mail-code', { email });
      return { mail: await nextCode(email), body: {} };
    },
    '200',
  ],
];

for (const [what, path, begin, success] of RACES) {
  testOnPostgres(`of 16 requests at once with one token, eight per instance, one ${what}`, async () => {
    const { mail, body } = await begin();
    const bodies = Array.from({ length: REQUESTS }, () => ({ ...body, token: mail.token }));
    expect(await atOnce(path, bodies)).toEqual({ [success]: 1, '400 code_invalid': REQUESTS - 1 });
  });
}

describe('wrong codes on both instances at once', () => {
  const wrongCodes = (count: number, body: object) =>
    Array.from({ length: count }, (_, index) => ({ ...body, code: `2222-222${'ABCDEFGHJKLMNPQR'[index]}` }));

  testOnPostgres('are at most five tries, so the right code is rejected after them', async () => {
    const { email } = await verified();
    const { code, token } = await forgot(email);
    const body = { email, new_password: NEW_PASSWORD };
    expect(await atOnce('/auth/password/reset', wrongCodes(REQUESTS, body))).toEqual({ '400 code_invalid': REQUESTS });
    const { rows } = await instances.sql.query('SELECT tries FROM codes WHERE email = $1', [email]);
    expect(rows).toEqual([{ tries: 5 }]);
    for (const turn of [0, 1]) expect((await post(turn, '/auth/password/reset', { ...body, code })).status).toBe(400);
    // Nobody can guess the token, so the link still works.
    expect((await post(1, '/auth/password/reset', { token, new_password: NEW_PASSWORD })).status).toBe(204);
  });

  testOnPostgres('leave the right one usable while there were four', async () => {
    const { email } = await verified();
    const { code } = await forgot(email);
    const body = { email, new_password: NEW_PASSWORD };
    expect(await atOnce('/auth/password/reset', wrongCodes(4, body))).toEqual({ '400 code_invalid': 4 });
    expect((await post(1, '/auth/password/reset', { ...body, code })).status).toBe(204);
  });
});

testOnPostgres('a code that one instance issued works on the other, and then on neither', async () => {
  for (const turn of [0, 1]) {
    const { name, email } = await verified();
    const { code } = await forgot(email, turn);
    const body = { email, code, new_password: NEW_PASSWORD };
    expect((await post(turn + 1, '/auth/password/reset', body)).status).toBe(204);
    for (const again of [0, 1]) {
      expect((await post(again, '/auth/password/reset', body)).body.code).toBe('code_invalid');
      await instance(again).logIn(name, NEW_PASSWORD);
    }
  }
});

testOnPostgres('a newer code replaces the previous one on both instances', async () => {
  const { email } = await verified();
  const former = await forgot(email, 0);
  const latest = await forgot(email, 1);
  const reset = (turn: number, token: string) =>
    post(turn, '/auth/password/reset', { token, new_password: NEW_PASSWORD });
  for (const turn of [0, 1]) expect((await reset(turn, former.token)).status).toBe(400);
  expect((await reset(0, latest.token)).status).toBe(204);
});

/** A mail server that accepts connections and says nothing, so what is sent to it is in flight until its sender is gone. */
async function silentServer(): Promise<{ url: string }> {
  const server = createServer((socket) => socket.on('error', () => {}).unref())
    .listen(0, '127.0.0.1')
    .unref();
  await once(server, 'listening');
  return { url: `smtp://localhost:${(server.address() as AddressInfo).port}` };
}

testOnPostgres(
  'the other instance sends the mail, once, if one is killed after it accepted the request',
  async () => {
    const people = [await verified(), await verified(), await verified()];
    const silent = await silentServer();
    for (const [round, { email }] of people.entries()) {
      await instances.a.kill('SIGKILL');
      instances.a = await ServerProcess.start({
        ...instances.database.env,
        ...instances.settings,
        SMTP_URL: silent.url,
      });
      const { status } = await post(0, '/auth/password/forgot', { email });
      // Right away, and while the request or the mail is being processed.
      if (round > 0) await sleep(round * 30);
      await instances.a.kill('SIGKILL');
      expect(status).toBe(202);
      const { token } = codeIn(await smtp.next(email, 90_000));
      // Longer than a mail is leased.
      await sleep(3000);
      const subjects = smtp.to(email).map(({ subject }) => subject);
      expect(subjects).toEqual(['Confirm your email address for Portero', 'Choose a new password for Portero']);
      const answer = await post(1, '/auth/password/reset', { token, new_password: NEW_PASSWORD });
      expect(answer.status).toBe(204);
    }
    await instances.startA();
  },
  300_000,
);

testOnPostgres('of 16 requests at once that confirm a private registration, one creates the user', async () => {
  await instances.stop();
  instances = await TwoInstances.start({ SMTP_URL: smtp.url, REGISTRATION: 'private' });
  const email = 'private@example.com';
  expect((await post(0, '/auth/register', { username: 'private', email, password: PASSWORD })).status).toBe(202);
  const { token } = await nextCode(email);
  const bodies = Array.from({ length: REQUESTS }, () => ({ token }));
  expect(await atOnce('/auth/email/verify', bodies)).toEqual({ '204': 1, '400 code_invalid': REQUESTS - 1 });
  const { rows } = await instances.sql.query('SELECT email_verified FROM users WHERE email = $1', [email]);
  expect(rows).toEqual([{ email_verified: true }]);
});
