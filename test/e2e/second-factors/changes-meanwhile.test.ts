import { DataSource } from 'typeorm';
import { SignIn } from '../../../src/auth/sign-in.js';
import { Codes } from '../../../src/codes/codes.js';
import { SessionRevoked } from '../../../src/sessions/session.errors.js';
import { UsersService } from '../../../src/users/users.service.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import {
  firstStep,
  logInWithTotp,
  secondStep,
  setUpTotp,
  signUpWithTotp,
  type UserWithTotp,
} from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** What happens to an account between the two steps of a login. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const NEXT = 'another passphrase, as uncommon';
let users = 0;
const now = () => server.clock.now();
const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);

const idOf = async ({ username }: UserWithTotp) =>
  (await sql('SELECT id FROM users WHERE username = $1', [username]))[0].id as string;

const CHANGES: [name: string, change: (user: UserWithTotp) => Promise<unknown>][] = [
  [
    'a changed password',
    async (user) => {
      const { access_token: token } = await logInWithTotp(server, user);
      const body = { current_password: PASSWORD, new_password: NEXT };
      const { status } = await server.client.post('/users/me/password', { token, body });
      expect(status).toBe(204);
    },
  ],
  [
    'a reset password',
    async (user) => {
      const given = { purpose: 'reset_password' as const, userId: await idOf(user), email: 'x@example.com' };
      await sql(`UPDATE users SET email = 'x@example.com', email_key = 'x@example.com' WHERE id = $1`, [given.userId]);
      const issued = await server.get(Codes).issue(server.get(DataSource).manager, given);
      const body = { token: issued?.token, new_password: NEXT };
      expect((await server.client.post('/auth/password/reset', { body })).status).toBe(204);
    },
  ],
  [
    'a disabled user',
    async (user) => {
      await sql('UPDATE users SET disabled_at = now() WHERE username = $1', [user.username]);
    },
  ],
  [
    'a deleted user',
    async (user) => {
      await sql('DELETE FROM users WHERE username = $1', [user.username]);
    },
  ],
];

test.each(CHANGES)('%s ends a login between its two steps [ASVS 6.4.3]', async (_, change) => {
  const user = await signUpWithTotp(server.client, `user-${++users}`, now());
  const { mfa_token } = await firstStep(server.client, user.username);
  await change(user);
  const totp = user.app.code(now() + 30_000);
  expectProblem(await secondStep(server.client, mfa_token, { totp }), 401, 'mfa_token_invalid');
  expectProblem(
    await secondStep(server.client, mfa_token, { recovery_code: user.recoveryCodes[0] }),
    401,
    'mfa_token_invalid',
  );
});

test('after a reset, the login still needs the second factor [ASVS 6.4.3]', async () => {
  const user = await signUpWithTotp(server.client, `user-${++users}`, now());
  const given = { purpose: 'recovery_link' as const, userId: await idOf(user), email: '' };
  const issued = await server.get(Codes).issue(server.get(DataSource).manager, given);
  const body = { token: issued?.token, new_password: NEXT };
  expect((await server.client.post('/auth/password/reset', { body })).status).toBe(204);
  const { mfa_token } = await firstStep(server.client, user.username, { password: NEXT });
  expect((await secondStep(server.client, mfa_token, { totp: user.app.code(now()) })).status).toBe(200);
});

test('a login whose password was proved just before a factor was added starts no session', async () => {
  const username = `user-${++users}`;
  const { access_token: token } = await server.client.signUp(username);
  const user = await server.get(UsersService).findForLogin({ username });
  if (user === null) throw new Error('the user is not there');
  expect(user.hasSecondFactor).toBe(false);
  await setUpTotp(server.client, token, now());
  const count = async () => (await sql('SELECT count(*)::int AS n FROM sessions'))[0].n as number;
  const before = await count();
  const proof = { user, amr: ['pwd'], at: new Date(now()) };
  const login = server.get(SignIn).complete(proof, { ip: '127.0.0.1', requestId: 'r' }, 'bearer');
  await expect(login).rejects.toThrow(SessionRevoked);
  expect(await count()).toBe(before);
});
