import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { addressOf } from '../../support/recovery.js';
import { firstStep, secondStep, setUpTotp, type UserWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';
import { SmtpTestServer } from '../../support/smtp.js';
import { onDatabase } from '../../support/tables.js';

/** `portero users mfa`: the operator helps a user who has lost their second factor. */
let command: PorteroCommand;
let smtp: SmtpTestServer;
beforeEach(async () => {
  command = await PorteroCommand.create();
  smtp = await SmtpTestServer.start();
  command.database.env.SMTP_URL = smtp.url;
});
afterEach(async () => {
  await TestServer.stopAll();
  await smtp.stop();
  await command.remove();
});

const run = (line: string) => command.run(line.split(' '));

/** A user with a verified address, an authenticator app and, as rows only, two passkeys. */
async function prepared(username = 'ana'): Promise<UserWithTotp & { mfaToken: string }> {
  const email = addressOf(username);
  await run(`users create ${username} --email ${email} --verified --no-password`);
  await command.run(['users', 'set-password', username], `${PASSWORD}\n`);
  const server = await TestServer.on(command.database);
  const tokens = await server.client.logIn(username);
  const user = { username, tokens, ...(await setUpTotp(server.client, tokens.access_token, server.clock.now())) };
  await smtp.next(email);
  const { mfa_token: mfaToken } = await firstStep(server.client, username);
  await server.stop();
  await onDatabase(command.database, (source) =>
    source.query(`
      INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, backup_eligible, backed_up, name, created_at)
      SELECT gen_random_uuid(), id, decode(md5(n::text), 'hex'), '', 0, '{}', false, false, 'a key', now()
        FROM users, generate_series(1, 2) n WHERE username = '${username}'`),
  );
  return { ...user, mfaToken };
}

test('show says which factors a user has', async () => {
  await prepared();
  const { code, stdout } = await run('users mfa show ana');
  expect([code, stdout]).toEqual([0, 'Authenticator app  yes\nPasskeys           2\nRecovery codes     10 left\n']);
  const json = JSON.parse((await run('users mfa show ANA@example.com --json')).stdout);
  expect(json).toEqual({ user_id: expect.any(String), totp: true, passkeys: 2, recovery_codes_left: 10 });
  expect((await run('users mfa show nobody')).stderr).toBe('portero: there is no user "nobody"\n');
});

test('reset removes all factors, codes and waiting sign-ins, and tells the user by mail [ASVS 6.4.4]', async () => {
  const user = await prepared();
  const refused = await run('users mfa reset ana');
  expect([refused.code, refused.stderr]).toEqual([
    1,
    'portero: requires --yes, because standard input is not a terminal\n',
  ]);
  const { code, stdout } = await run('users mfa reset ana --yes');
  expect([code, stdout]).toEqual([0, 'removed the authenticator app and 2 passkeys of ana\n']);
  expect(JSON.parse((await run('users mfa show ana --json')).stdout)).toMatchObject({
    totp: false,
    passkeys: 0,
    recovery_codes_left: 0,
  });
  const events = (await run('audit --json')).stdout
    .split('\n')
    .filter((line) => line.includes('second_factor.removed'));
  expect(events).toHaveLength(3);
  for (const event of events) expect(JSON.parse(event)).toMatchObject({ actor: 'operator' });
  const server = await TestServer.on(command.database);
  const mail = await smtp.next(addressOf('ana'));
  expect(mail.subject).toBe('A second factor was removed from your account at Portero');
  expect(mail.text).toContain('Second factor: all');
  const late = await secondStep(server.client, user.mfaToken, { recovery_code: user.recoveryCodes[0] });
  expectProblem(late, 401, 'mfa_token_invalid');
  await server.client.logIn('ana');
  await server.stop();
});

test('a reset of a user without a second factor changes nothing and sends nothing', async () => {
  await run('users create ben --email ben@example.com --verified --no-password');
  expect((await run('users mfa reset ben --yes')).stdout).toBe('ben has no second factor\n');
  expect(JSON.parse((await run('users mfa reset ben --yes --json')).stdout)).toEqual({
    user_id: expect.any(String),
    totp: false,
    passkeys: 0,
  });
  expect((await run('audit --json')).stdout).not.toContain('second_factor');
  expect(JSON.parse((await run('mail list --json')).stdout)).toEqual({ mails: [] });
});
