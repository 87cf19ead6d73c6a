import { PendingSignIns } from '../../src/auth/second-factor/pending-sign-ins.js';
import { UsersService } from '../../src/users/users.service.js';
import { type Answer, PASSWORD } from './client.js';
import { Authenticator, firstStep, logInWithTotp, secondStep, signUpWithTotp } from './second-factors.js';
import type { TestServer } from './server.js';

type Call = (path: string) => Promise<Answer<unknown>[]>;

/** A successful call of each route of second factors that may change something. */
export function secondFactorCalls(serverOf: () => TestServer, newName: () => string): Record<string, Call> {
  const client = () => serverOf().client;
  const now = () => serverOf().clock.now();

  /** A call in a session that has passed a second factor. */
  const afterBoth =
    (method: string): Call =>
    async (path) => {
      const user = await signUpWithTotp(client(), newName(), now());
      const { access_token: token } = await logInWithTotp(serverOf(), user);
      return [await client().call(method, path, { token })];
    };

  const begin = async (): Promise<[token: string, Answer<{ secret: string }>]> => {
    const { access_token: token } = await client().signUp(newName());
    return [token, await client().post('/users/me/totp', { token })];
  };

  return {
    'POST /users/me/totp': async () => [(await begin())[1]],
    'POST /users/me/totp/confirm': async (path) => {
      const [token, { body }] = await begin();
      return [await client().post(path, { token, body: { code: new Authenticator(body.secret).code(now()) } })];
    },
    'DELETE /users/me/totp': afterBoth('DELETE'),
    'POST /users/me/recovery-codes': afterBoth('POST'),
    'POST /auth/second-factor': async () => {
      const { username, app, recoveryCodes } = await signUpWithTotp(client(), newName(), now());
      const [first, second] = [
        await firstStep(client(), username),
        await firstStep(client(), username, { transport: 'cookie' }),
      ];
      return [
        await secondStep(client(), first.mfa_token, { totp: app.code(now()) }),
        await secondStep(client(), second.mfa_token, { recovery_code: recoveryCodes[0] }),
      ];
    },
    'POST /auth/enrolment/totp': async (path) => [
      await client().post(path, { body: { mfa_token: await enrolmentToken(serverOf(), newName()) } }),
    ],
    'POST /auth/enrolment/totp/confirm': async (path) => {
      const mfaToken = await enrolmentToken(serverOf(), newName());
      const begun = await client().post<{ secret: string }>('/auth/enrolment/totp', { body: { mfa_token: mfaToken } });
      const code = new Authenticator(begun.body.secret).code(now());
      return [await client().post(path, { body: { mfa_token: mfaToken, code } })];
    },
  };
}

/** A token as a login with `MFA=required` answers it, of a new user. */
export async function enrolmentToken(server: TestServer, username: string): Promise<string> {
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
  const user = await server.get(UsersService).findForLogin({ username });
  if (user === null) throw new Error('the user is not there');
  const proof = { user, amr: ['pwd'], at: new Date(server.clock.now()) };
  return await server.get(PendingSignIns).begin('enrolment', proof, { ip: '127.0.0.1', requestId: 'r' }, 'bearer');
}
