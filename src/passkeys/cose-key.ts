import { createPublicKey, type JsonWebKey } from 'node:crypto';

/** COSE algorithms of passkeys, the preferred one first: ES256, EdDSA (Ed25519), RS256. All authenticators have one of them. */
export const ALGORITHMS: readonly number[] = [-7, -8, -257];

/** A decoded COSE key (RFC 9053). */
export type CoseKey = ReadonlyMap<unknown, unknown>;

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/**
 * Whether it is a public key of one of {@link ALGORITHMS}, such as a point on the curve. The library finds out only when the key is
 * used, and then the user would be locked out.
 */
export function isUsableKey(key: CoseKey): boolean {
  const jwk = jwkOf(key);
  if (jwk === undefined) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
    return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
  } catch {
    return false;
  }
}

function jwkOf(key: CoseKey): JsonWebKey | undefined {
  const [kty, alg, crv] = [key.get(1), key.get(3), key.get(-1)];
  if (kty === 2 && alg === -7 && crv === 1)
    return withBytes({ kty: 'EC', crv: 'P-256' }, { x: key.get(-2), y: key.get(-3) }, 32);
  if (kty === 1 && alg === -8 && crv === 6) return withBytes({ kty: 'OKP', crv: 'Ed25519' }, { x: key.get(-2) }, 32);
  if (kty === 3 && alg === -257) return withBytes({ kty: 'RSA' }, { n: key.get(-1), e: key.get(-2) });
  return undefined;
}

/** Adds the byte strings to a JWK. Returns undefined if one is missing or has another length. */
function withBytes(jwk: JsonWebKey, members: Record<string, unknown>, length?: number): JsonWebKey | undefined {
  const whole = { ...jwk };
  for (const [name, value] of Object.entries(members)) {
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) return undefined;
    whole[name] = Buffer.from(value).toString('base64url');
  }
  return whole;
}
