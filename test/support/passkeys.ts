import { type Forgery, type PasskeyOptions, SoftwareAuthenticator } from './authenticator.js';
import type { Answer, Client, Tokens } from './client.js';
import { PASSWORD } from './client.js';

/** The RP ID and origin of a TestServer. */
export const ORIGIN = 'http://localhost:3000';

export interface AddedPasskey {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  backed_up: boolean;
  recovery_codes: string[] | null;
  code?: string;
}

/** A user with a passkey in a software authenticator. */
export class PasskeyUser {
  private constructor(
    readonly client: Client,
    readonly username: string,
    readonly token: string,
    readonly device: SoftwareAuthenticator,
  ) {}

  /** Registers a user without a passkey. */
  static async signUp(
    client: Client,
    username: string,
    device = new SoftwareAuthenticator(ORIGIN),
  ): Promise<PasskeyUser> {
    const { access_token: token } = await client.signUp(username);
    return new PasskeyUser(client, username, token, device);
  }

  /** Registers a user with a passkey. */
  static async withPasskey(client: Client, username: string, device?: SoftwareAuthenticator): Promise<PasskeyUser> {
    const user = await PasskeyUser.signUp(client, username, device);
    const { status, text } = await user.add();
    if (status !== 201) throw new Error(`the passkey was not added: ${status} ${text}`);
    return user;
  }

  async creationOptions(): Promise<PasskeyOptions> {
    return (await this.client.post<PasskeyOptions>('/users/me/passkeys/options', { token: this.token })).body;
  }

  /** Adds the passkey of the device. */
  async add(forged: Forgery = {}, name?: string): Promise<Answer<AddedPasskey>> {
    const credential = this.device.create(await this.creationOptions(), forged);
    const body = { credential, ...(name === undefined ? {} : { name }) };
    return await this.client.post('/users/me/passkeys', { token: this.token, body });
  }

  /** Signs in with the passkey alone. */
  async signIn(forged: Forgery = {}, more: object = {}): Promise<Answer<Tokens & { code?: string }>> {
    const { body: options } = await this.client.post<PasskeyOptions>('/auth/passkey/options');
    return await this.client.post('/auth/passkey', { body: { credential: this.device.get(options, forged), ...more } });
  }

  /** Logs in with the password. @returns the token for the second step */
  async mfaToken(): Promise<string> {
    const { status, body } = await this.client.post<{ mfa_token: string }>('/auth/login', {
      body: { username: this.username, password: PASSWORD },
    });
    if (status !== 403) throw new Error(`login answered ${status}`);
    return body.mfa_token;
  }

  async secondFactorOptions(mfaToken: string): Promise<PasskeyOptions> {
    const answer = await this.client.post<PasskeyOptions>('/auth/second-factor/passkey-options', {
      body: { mfa_token: mfaToken },
    });
    return answer.body;
  }
}

/** The claims of an access token, unverified. */
export function claimsOf(token: string): { amr: string[]; sub: string; sid: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
}
