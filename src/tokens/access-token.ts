import { TokenExpired, TokenMalformed } from './token.errors.js';

/** How far the issuer's clock may be ahead of this one, in seconds. */
export const CLOCK_SKEW_SECONDS = 30;

/** The `typ` of access tokens (RFC 9068 §2.1), which distinguishes them from other JWTs. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** RFC 9068 §2.2, plus `sid` (the session) and `preferred_username` from OpenID Connect. */
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
  /** Not issued, but checked if present. */
  nbf?: number;
}

/**
 * Checks the form, issuer and audience of claims. {@link checkTime} checks the times separately, because their result changes
 * during the life of a token.
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
 * Checks the times of a token. `exp` has no leeway. @param now seconds since the epoch
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

/** A UUID in lower case with hyphens. */
function isId(value: unknown): boolean {
  return isText(value) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A number in the range of dates; `1e300` is a number too. */
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12;
}
