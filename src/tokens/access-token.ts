import { TokenExpired, TokenMalformed } from '../access/token.errors.js';

/** How far the clock that issued a token may be ahead of ours, in seconds. */
const CLOCK_SKEW_SECONDS = 30;
const MAX_LENGTH = 4096;
const COMPACT_JWS = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** RFC 9068 §2.1: tells an access token from every other JWT. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

export interface AccessTokenHeader {
  alg: string;
  typ: string;
  kid: string;
}

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
}

/**
 * Reads a token's header before any key is chosen: the compact form in canonical base64url, and `alg`, `typ` and
 * `kid` alone (RFC 8725 §3.1, §3.10: nothing in a token says where to find a key).
 *
 * @throws TokenMalformed
 */
export function readHeader(token: string): AccessTokenHeader {
  const [, ...parts] = (token.length <= MAX_LENGTH && COMPACT_JWS.exec(token)) || [];
  if (parts.length !== 3 || !parts.every(isCanonical)) throw new TokenMalformed();
  const header = parseObject(parts[0] as string);
  const { alg, typ, kid } = header;
  const strings = [alg, typ, kid].every((value) => typeof value === 'string');
  if (!strings || Object.keys(header).length !== 3 || typ !== ACCESS_TOKEN_TYPE) throw new TokenMalformed();
  return header as unknown as AccessTokenHeader;
}

/**
 * Judges the claims of a token whose signature holds, at a time in seconds.
 *
 * @throws TokenMalformed, TokenExpired
 */
export function checkClaims(
  payload: unknown,
  expected: { issuer: string; audience: string; now: number; allowExpired?: boolean },
): AccessTokenClaims {
  const claims = (payload ?? {}) as Record<string, unknown>;
  const strings = isId(claims.sub) && isId(claims.sid) && isText(claims.jti) && isText(claims.preferred_username);
  const { iss, aud, iat, exp, nbf = 0 } = claims;
  if (!strings || iss !== expected.issuer || aud !== expected.audience) throw new TokenMalformed();
  if (!isNumericDate(iat) || !isNumericDate(exp) || !isNumericDate(nbf)) throw new TokenMalformed();
  if (Math.max(iat, nbf) > expected.now + CLOCK_SKEW_SECONDS) throw new TokenMalformed();
  if (exp <= expected.now && !expected.allowExpired) throw new TokenExpired();
  return claims as unknown as AccessTokenClaims;
}

/** Several texts of base64url decode to the same bytes; only the one that encodes them is taken. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function parseObject(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Not JSON: no token of ours.
  }
  throw new TokenMalformed();
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
