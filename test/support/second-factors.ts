import { TOTP } from 'otpauth';
import { type Answer, type Client, PASSWORD, type Tokens } from './client.js';
import type { TestServer } from './server.js';

export const STEP_MS = 30_000;

/** An authenticator app, with the secret in base32. */
export class Authenticator {
  constructor(readonly secret: string) {}

  /** @param now milliseconds since the epoch */
  code(now: number): string {
    return new TOTP({ secret: this.secret, algorithm: 'SHA1', digits: 6, period: 30 }).generate({ timestamp: now });
  }

  /** A code that no time step near `now` has. */
  wrongCode(now: number): string {
    const near = [-2, -1, 0, 1, 2].map((steps) => this.code(now + steps * STEP_MS));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) as string;
  }
}

/** A user with an authenticator app and recovery codes. */
export interface UserWithTotp {
  username: string;
  app: Authenticator;
  recoveryCodes: string[];
  /** Of the session that set up the app. */
  tokens: Tokens;
}

/** The response of a login that waits for another step. */
export interface Waiting {
  code: string;
  mfa_token: string;
  methods: string[];
  expires_in: number;
}

/**
 * Sets up an authenticator app in a session. The code of the previous time step confirms it, so the current one is still unused.
 *
 * @param now the time of the server
 */
export async function setUpTotp(client: Client, token: string, now: number) {
  const begun = await client.post<{ secret: string }>('/users/me/totp', { token });
  if (begun.status !== 201) throw new Error(`setting up an app answered ${begun.status}: ${begun.text}`);
  const app = new Authenticator(begun.body.secret);
  const body = { code: app.code((await early(now)) - STEP_MS) };
  const done = await client.post<{ recovery_codes: string[] | null }>('/users/me/totp/confirm', { token, body });
  if (done.status !== 200) throw new Error(`confirming an app answered ${done.status}: ${done.text}`);
  return { app, recoveryCodes: done.body.recovery_codes ?? [] };
}

/** The time, after the next time step has begun if this one is about to end. */
async function early(now: number): Promise<number> {
  const left = STEP_MS - (now % STEP_MS);
  if (left > 2000) return now;
  await new Promise((resolve) => setTimeout(resolve, left + 10));
  return now + left + 10;
}

/** Registers a user with an authenticator app. */
export async function signUpWithTotp(client: Client, username: string, now: number): Promise<UserWithTotp> {
  const tokens = await client.signUp(username);
  return { username, tokens, ...(await setUpTotp(client, tokens.access_token, now)) };
}

/** The first step of a login. */
export async function firstStep(client: Client, username: string, more: object = {}): Promise<Waiting> {
  const { status, body, text } = await client.post<Waiting>('/auth/login', {
    body: { username, password: PASSWORD, ...more },
  });
  if (status !== 403) throw new Error(`login answered ${status}: ${text}`);
  return body;
}

/** The second step of a login. */
export function secondStep(
  client: Client,
  mfaToken: string,
  evidence: object,
): Promise<Answer<Tokens & { code?: string }>> {
  return client.post('/auth/second-factor', { body: { mfa_token: mfaToken, ...evidence } });
}

/** Logs in with both factors. Moves the clock of the server, because each code works once. */
export async function logInWithTotp(server: TestServer, { username, app }: UserWithTotp): Promise<Tokens> {
  server.clock.advance(STEP_MS);
  const { mfa_token } = await firstStep(server.client, username);
  const { status, body, text } = await secondStep(server.client, mfa_token, { totp: app.code(server.clock.now()) });
  if (status !== 200) throw new Error(`the second step answered ${status}: ${text}`);
  return body;
}
