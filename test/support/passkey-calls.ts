import { type PasskeyOptions, SoftwareAuthenticator } from './authenticator.js';
import type { Answer } from './client.js';
import { ORIGIN, PasskeyUser } from './passkeys.js';
import { enrolmentToken } from './second-factor-calls.js';
import type { TestServer } from './server.js';

type Call = (path: string) => Promise<Answer<unknown>[]>;

/** A successful call of each route of passkeys that may change something. */
export function passkeyCalls(serverOf: () => TestServer, newName: () => string): Record<string, Call> {
  const client = () => serverOf().client;
  const withPasskey = () => PasskeyUser.withPasskey(client(), newName());

  /** A session that began with a passkey, and the ID of the passkey. */
  const signedIn = async (): Promise<{ token: string; id: string }> => {
    const token = (await (await withPasskey()).signIn()).body.access_token;
    const { body } = await client().get<{ passkeys: [{ id: string }] }>('/users/me/passkeys', { token });
    return { token, id: body.passkeys[0].id };
  };
  const changing =
    (method: string, body?: object): Call =>
    async (path) => {
      const { token, id } = await signedIn();
      return [await client().call(method, path.replace('{id}', id), { token, ...(body ? { body } : {}) })];
    };
  const optionsForEnrolment = async (mfa_token: string) =>
    await client().post<PasskeyOptions>('/auth/enrolment/passkey/options', { body: { mfa_token } });

  return {
    'POST /auth/passkey/options': async (path) => [await client().post(path)],
    'POST /auth/passkey': async () => {
      const user = await withPasskey();
      return [await user.signIn(), await user.signIn({}, { transport: 'cookie' })];
    },
    'POST /auth/second-factor/passkey-options': async (path) => {
      const user = await withPasskey();
      return [await client().post(path, { body: { mfa_token: await user.mfaToken() } })];
    },
    'POST /auth/step-up/passkey-options': changing('POST'),
    'POST /auth/enrolment/passkey/options': async () => [
      await optionsForEnrolment(await enrolmentToken(serverOf(), newName())),
    ],
    'POST /auth/enrolment/passkey': async (path) => {
      const mfa_token = await enrolmentToken(serverOf(), newName());
      const credential = new SoftwareAuthenticator(ORIGIN).create((await optionsForEnrolment(mfa_token)).body);
      return [await client().post(path, { body: { mfa_token, credential } })];
    },
    'POST /users/me/passkeys/options': changing('POST'),
    'POST /users/me/passkeys': async () => [await (await PasskeyUser.signUp(client(), newName())).add()],
    'PATCH /users/me/passkeys/{id}': changing('PATCH', { name: 'Key' }),
    'DELETE /users/me/passkeys/{id}': changing('DELETE'),
  };
}
