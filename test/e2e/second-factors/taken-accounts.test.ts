import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { PasskeyUser } from '../../support/passkeys.js';
import { addressOf, MailingServer } from '../../support/recovery.js';
import { setUpTotp } from '../../support/second-factors.js';

/** A thief's passkey does not survive that the owner takes the account back. */
const NEXT = 'an entirely different passphrase';
let mailing: MailingServer;
beforeAll(async () => {
  mailing = await MailingServer.start({ MAIL_SIGN_IN: 'on' });
});
afterAll(() => mailing.stop());

let users = 0;
const newName = () => `taken-${++users}`;
const post = (path: string, body: object, token?: string) =>
  mailing.client.post<Record<string, unknown>>(path, { body, ...(token === undefined ? {} : { token }) });

async function thiefIn(username: string): Promise<PasskeyUser> {
  const { access_token: token } = await mailing.client.logIn(username);
  const thief = PasskeyUser.signedIn(mailing.client, username, token);
  expect((await thief.add()).status).toBe(201);
  return thief;
}

test('undoing a change of the address removes the factors that were added since [attack: account takeover]', async () => {
  const name = newName();
  await mailing.registerVerified(name, PASSWORD);
  const { access_token: token } = await mailing.client.logIn(name);
  const evil = addressOf(`${name}-evil`);
  await post('/users/me/email', { email: evil, current_password: PASSWORD }, token);
  await post('/auth/email/confirm-change', { token: (await mailing.nextCode(evil)).token });
  const thief = await thiefIn(name);
  const undo = await mailing.nextCode(addressOf(name));
  expect((await post('/auth/email/undo-change', { token: undo.token })).status).toBe(204);
  expectProblem(await thief.signIn(), 401, 'passkey_invalid');
  expect((await post('/auth/login', { username: name, password: PASSWORD })).status).toBe(200);
});

test('undoing a change of the address keeps the factors that the owner had before', async () => {
  const name = newName();
  await mailing.registerVerified(name, PASSWORD);
  const owner = await thiefIn(name);
  // The notice of the passkey.
  await mailing.smtp.next(addressOf(name));
  const evil = addressOf(`${name}-evil`);
  await post('/users/me/email', { email: evil, current_password: PASSWORD }, owner.token);
  await post('/auth/email/confirm-change', { token: (await mailing.nextCode(evil)).token });
  const undo = await mailing.nextCode(addressOf(name));
  expect((await post('/auth/email/undo-change', { token: undo.token })).status).toBe(204);
  expect((await owner.signIn()).status).toBe(200);
});

test.each([
  [
    'a new password',
    async (email: string) => {
      const { token } = await mailing.forgot(email);
      expect((await post('/auth/password/reset', { token, new_password: NEXT })).status).toBe(204);
    },
  ],
  [
    'a sign-in by mail',
    async (email: string) => {
      await post('/auth/mail-code', { email });
      const { token } = await mailing.nextCode(email);
      expect((await post('/auth/mail-code/login', { token })).status).toBe(200);
    },
  ],
])(
  'whoever proves an unverified address by %s ends the passkeys of the registrant [attack: pre-hijacking]',
  async (_, prove) => {
    const name = newName();
    await mailing.register(name, PASSWORD);
    const thief = await thiefIn(name);
    await prove(addressOf(name));
    expectProblem(await thief.signIn(), 401, 'passkey_invalid');
  },
);

test('a new password by mail does not get around an authenticator app, also if the address was not verified [ASVS 6.4.3]', async () => {
  const name = newName();
  await mailing.register(name, PASSWORD);
  const { access_token: token } = await mailing.client.logIn(name);
  await setUpTotp(mailing.client, token, mailing.server.clock.now());
  const code = await mailing.forgot(addressOf(name));
  expect((await post('/auth/password/reset', { token: code.token, new_password: NEXT })).status).toBe(204);
  expect((await post('/auth/login', { username: name, password: NEXT })).body.code).toBe('second_factor_required');
});

testOnPostgres('a factor is not added by a session that ends while the request waits [attack: race]', async () => {
  const name = newName();
  const { access_token: token } = await mailing.client.signUp(name);
  const thief = PasskeyUser.signedIn(mailing.client, name, token);
  const { access_token: other } = await mailing.client.logIn(name);
  const credential = thief.device.create(await thief.creationOptions(), {});
  const [ended, added] = await whileLocked(name, async (queued) => {
    const end = mailing.client.call('DELETE', '/auth/sessions', { token: other });
    await queued(1);
    const add = post('/users/me/passkeys', { credential }, token);
    await queued(2);
    return [end, add] as const;
  });
  expect((await ended).status).toBe(204);
  expectProblem(await added, 401, 'token_revoked');
});

testOnPostgres(
  'no factor is added without the first one, which is added while the request waits [attack: race]',
  async () => {
    const name = newName();
    const { access_token: token } = await mailing.client.signUp(name);
    const thief = PasskeyUser.signedIn(mailing.client, name, token);
    const owner = PasskeyUser.signedIn(mailing.client, name, (await mailing.client.logIn(name)).access_token);
    const [first, second] = [owner, thief].map(async (one) => one.device.create(await one.creationOptions(), {}));
    const credentials = [await first, await second];
    const [added, refused] = await whileLocked(name, async (queued) => {
      const mine = post('/users/me/passkeys', { credential: credentials[0] }, owner.token);
      await queued(1);
      const theirs = post('/users/me/passkeys', { credential: credentials[1] }, thief.token);
      await queued(2);
      return [mine, theirs] as const;
    });
    expect((await added).status).toBe(201);
    expectProblem(await refused, 401, 'insufficient_user_authentication');
  },
);

/** Runs work while the row of a user is locked. `queued` waits until as many statements wait for the lock. */
async function whileLocked<T>(
  username: string,
  work: (queued: (count: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const database = mailing.server.get(DataSource);
  return await database.transaction(async (manager) => {
    await manager.query('SELECT FROM users WHERE username = $1 FOR UPDATE', [username]);
    return await work(async (count) => {
      for (;;) {
        const [{ n }] = await database.query(
          `SELECT count(*)::int AS n FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        if (n >= count) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  });
}
