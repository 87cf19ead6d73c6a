import { TokenExpired, TokenMalformed } from './token.errors.js';

/** How far the clock that issued a token may be ahead of ours, in seconds. */
export const CLOCK_SKEW_SECONDS = 30;

/** RFC 9068 §2.1: tells an access token from every other JWT. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** RFC 9068 §2.2, with `sid` (the session) and `preferred_username` of OpenID Connect. */
export interface AccessTokenClaims {
  iss: string;
  aud: string;
  sub: string;
  sid: string;
  jti: string;
  iat: number;
  exp: number;
  auth_time: number;
  amr: string[];
  client_id: string;
  preferred_username: string;
  /** We write none, and judge one that is there. */
  nbf?: number;
}

/**
 * What the claims of a token say, where they have the form and the issuer and audience that ours have.
 * Whether its time is over is for {@link checkTime}: that changes while a token lives.
 *
 * @throws TokenMalformed
 */
export function readClaims(
  claims: Record<string, unknown>,
  expected: { issuer: string; audience: string },
): AccessTokenClaims {
  const strings = isId(claims.sub) && isId(claims.sid) && isText(claims.jti) && isText(claims.preferred_username);
  const { iss, aud, iat, exp, nbf = 0, auth_time: authTime, amr } = claims;
  if (!strings || iss !== expected.issuer || aud !== expected.audience) throw new TokenMalformed();
  if (!isNumericDate(iat) || !isNumericDate(exp) || !isNumericDate(nbf)) throw new TokenMalformed();
  if (!isNumericDate(authTime) || !Array.isArray(amr) || !amr.every(isText)) throw new TokenMalformed();
  return claims as unknown as AccessTokenClaims;
}

/**
 * Judges a token's times at a time in seconds: `exp` without leeway.
 *
 * @throws TokenMalformed, TokenExpired
 */
export function checkTime(
  { iat, nbf = 0, exp }: Pick<AccessTokenClaims, 'iat' | 'nbf' | 'exp'>,
  now: number,
  { allowExpired = false } = {},
): void {
  if (Math.max(iat, nbf) > now + CLOCK_SKEW_SECONDS) throw new TokenMalformed();
  if (exp <= now && !allowExpired) throw new TokenExpired();
}

/** A UUID in the one spelling that we write. */
function isId(value: unknown): boolean {
  return isText(value) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** In range of what a clock can say; `1e300` is a number too. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12;
}
