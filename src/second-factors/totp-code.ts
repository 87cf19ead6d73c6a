import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

const STEP_MS = 30_000;
/** RFC 4226 §4 R6: as long as the output of HMAC-SHA-1. */
const SECRET_BYTES = 20;
/** How many steps the clock of a device may be ahead or behind. */
const WINDOW = 1;

/** What an authenticator app is set up with. */
export interface TotpAccount {
  issuer: string;
  /** The name of the user. */
  label: string;
}

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The secret in base32, and the URI that an authenticator app reads. */
export function describeTotp(secret: Buffer, { issuer, label }: TotpAccount): { base32: string; uri: string } {
  const totp = totpOf(secret, { issuer, label });
  return { base32: totp.secret.base32, uri: totp.toString() };
}

/**
 * The time step of a code (RFC 6238 §4.2), or undefined if it is not the code of the current step, the previous or the next one.
 *
 * @param now milliseconds since the epoch
 */
export function stepOf(secret: Buffer, code: string, now: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: WINDOW });
  return delta === null ? undefined : Math.floor(now / STEP_MS) + delta;
}

function totpOf(secret: Buffer, account: Partial<TotpAccount> = {}): TOTP {
  const bytes = Uint8Array.from(secret).buffer;
  return new TOTP({ ...account, secret: new Secret({ buffer: bytes }), algorithm: 'SHA1', digits: 6, period: 30 });
}
