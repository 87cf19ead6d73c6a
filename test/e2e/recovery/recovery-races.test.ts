import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Codes } from '../../../src/codes/codes.js';
import { Revocations } from '../../../src/sessions/revocation/revocations.js';
import { UsersService } from '../../../src/users/users.service.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { addressOf, MailingServer } from '../../support/recovery.js';

/** Changes of one account at the same time. The embedded database has one session, so transactions do not overlap there. */
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
  const { access_token: token } = await mailing.client.logIn(name);
  const { body } = await mailing.client.get<{ id: string }>('/users/me', { token });
  return { name, token, id: body.id, email: addressOf(name), next: addressOf(`${name}-next`) };
}
const change = (token: string, email: string) =>
  mailing.client.post('/users/me/email', { token, body: { email, current_password: PASSWORD } });
const post = (path: string, body: object) => mailing.client.post(path, { body });

/** Runs a request while another change has locked the user, and is about to revoke the password and the codes. */
async function duringRevocation(userId: string, request: () => Promise<{ status: number; body: unknown }>) {
  let answer: ReturnType<typeof request> | undefined;
  await mailing.server.get(Revocations).revokeAll(userId, 'password_changed', {
    require: async () => {
      answer = request();
      await sleep(1000);
    },
    within: async (manager) => {
      await mailing.server.get(UsersService).removeOtherPassword(manager, userId, null);
      await mailing.server.get(Codes).revokeAll(manager, userId);
    },
  });
  return (await answer) as Awaited<ReturnType<typeof mailing.client.post>>;
}

testOnPostgres(
  'a change is not requested with a password that changes meanwhile [attack: account takeover]',
  async () => {
    const { id, token, next } = await user();
    expectProblem(await duringRevocation(id, () => change(token, next)), 401, 'token_revoked');
    const pending = `SELECT count(*)::int AS n FROM codes WHERE purpose = 'change_email' AND user_id = $1`;
    expect(await mailing.server.get(DataSource).query(pending, [id])).toEqual([{ n: 0 }]);
  },
);

testOnPostgres('a confirmation and a revocation at once do not wait for each other', async () => {
  const { id, token, next, email } = await user();
  await change(token, next);
  const { token: code } = await mailing.nextCode(next);
  const confirmation = () => post('/auth/email/confirm-change', { token: code });
  expectProblem(await duringRevocation(id, confirmation), 400, 'code_invalid');
  const name = `user-${++users}`;
  const verification = await mailing.register(name, PASSWORD);
  const { access_token: other } = await mailing.client.logIn(name);
  const me = await mailing.client.get<{ id: string }>('/users/me', { token: other });
  const verify = () => post('/auth/email/verify', { token: verification.token });
  expectProblem(await duringRevocation(me.body.id, verify), 400, 'code_invalid');
  expect((await post('/auth/password/forgot', { email })).status).toBe(202);
});

test('two users who confirm the same address at once: one gets it', async () => {
  const [ana, bea] = [await user(), await user()];
  const shared = addressOf(`shared-${users}`);
  const codes: string[] = [];
  for (const { token } of [ana, bea]) {
    await change(token, shared);
    codes.push((await mailing.nextCode(shared)).token);
  }
  const answers = await Promise.all(
    codes.flatMap((token) => Array.from({ length: 8 }, () => post('/auth/email/confirm-change', { token }))),
  );
  expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 400, 409]));
});

test('a change, its undo and a reset at once never fail, and the previous address keeps the account', async () => {
  for (let round = 0; round < 5; round++) {
    const { id, token, email, next } = await user();
    await change(token, next);
    await post('/auth/email/confirm-change', { token: (await mailing.nextCode(next)).token });
    const { token: undoToken } = await mailing.nextCode(email);
    const third = next.replace('next', 'third');
    await change(token, third);
    const { token: again } = await mailing.nextCode(third);
    const reset = await mailing.forgot(next);
    const answers = await Promise.all([
      post('/auth/email/confirm-change', { token: again }),
      post('/auth/password/reset', { token: reset.token, new_password: NEXT }),
      post('/auth/email/undo-change', { token: undoToken }),
      post('/auth/password/forgot', { email: next }),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(answers[2]?.status).toBe(204);
    const found = await mailing.server.get(DataSource).query('SELECT email FROM users WHERE id = $1', [id]);
    expect(found).toEqual([{ email }]);
  }
});
