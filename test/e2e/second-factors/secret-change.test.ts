import { DataSource } from 'typeorm';
import { firstStep, logInWithTotp, secondStep, signUpWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** Changing PORTERO_SECRET keeps second factors. */
const [OLD, NEW] = [7, 9].map((byte) => Buffer.alloc(32, byte).toString('base64url')) as [string, string];

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const now = () => server.clock.now();
const sql = (text: string) => server.get(DataSource).query(text);

async function resealed(): Promise<void> {
  const expected = [
    'secrets of authenticator apps sealed again with the current PORTERO_SECRET',
    'password peppers sealed again with the current PORTERO_SECRET',
    'signing keys sealed again with the current PORTERO_SECRET',
  ];
  for (const end = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const lines = server.log.map(({ msg }) => msg);
    if (expected.every((line) => lines.includes(line))) return;
    if (Date.now() > end) throw new Error('not sealed again in 10 s');
  }
}

test('codes and recovery codes work with the former secret beside the new one, and without it once all is sealed again', async () => {
  const user = await signUpWithTotp(server.client, 'ana', now());
  const pending = await firstStep(server.client, 'ana');
  await server.restart({ PORTERO_SECRET: NEW, PORTERO_SECRET_PREVIOUS: OLD });
  // A login that began before the change goes on.
  expect((await secondStep(server.client, pending.mfa_token, { totp: user.app.code(now()) })).status).toBe(200);
  await resealed();
  await server.restart({ PORTERO_SECRET_PREVIOUS: '' });
  await logInWithTotp(server, user);
  for (const code of user.recoveryCodes) {
    const { mfa_token } = await firstStep(server.client, 'ana');
    expect((await secondStep(server.client, mfa_token, { recovery_code: code })).status).toBe(200);
  }
});

test('secrets are sealed again page by page, and those that no key opens are left alone', async () => {
  const user = await signUpWithTotp(server.client, 'ana', now());
  // Not sealed for them, so no key opens these: they are left alone.
  await sql(`INSERT INTO users (id, username, username_key, email_verified, created_at, updated_at, credentials_changed_at, language)
    SELECT gen_random_uuid(), 'u' || n, 'u' || n, false, now(), now(), now(), 'en' FROM generate_series(1, 450) n`);
  await sql(`INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
    SELECT id, '\\x01', now(), now() FROM users WHERE username <> 'ana'`);
  const other = await signUpWithTotp(server.client, 'ben', now());
  await server.restart({ PORTERO_SECRET: NEW, PORTERO_SECRET_PREVIOUS: OLD });
  await resealed();
  const events = await sql(`
    SELECT actor, (details->>'totp_secrets')::int AS n FROM audit_events
     WHERE type = 'secret.resealed' AND details ? 'totp_secrets'`);
  expect(events.reduce((sum: number, { n }: { n: number }) => sum + n, 0)).toBe(2);
  for (const { actor } of events) expect(actor).toBe('system');
  const [{ n }] = await sql(`SELECT count(*)::int AS n FROM totp_secrets WHERE sealed_secret = '\\x01'`);
  expect(n).toBe(450);
  await server.restart({ PORTERO_SECRET_PREVIOUS: '' });
  await logInWithTotp(server, user);
  await logInWithTotp(server, other);
});
