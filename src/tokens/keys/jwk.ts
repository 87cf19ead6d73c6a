import { createHash, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { JwtAlg } from '../../config/config.js';

/** A public key as published (RFC 7517). */
export interface PublicJwk {
  kty: string;
  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
  use: 'sig';
  alg: string;
  kid: string;
}

/** The members of a thumbprint in their order (RFC 7638 §3.2). */
const REQUIRED_MEMBERS: Record<string, readonly (keyof JsonWebKey)[]> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  oct: ['k', 'kty'],
};

/** The JWK thumbprint of a key, public or private (RFC 7638). */
export function thumbprint(key: KeyObject): string {
  const jwk = key.export({ format: 'jwk' });
  const members = Object.fromEntries((REQUIRED_MEMBERS[jwk.kty as string] ?? []).map((name) => [name, jwk[name]]));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** The public JWK of an asymmetric key. */
export function publicJwk(key: KeyObject, alg: JwtAlg, kid: string): PublicJwk {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  const point = kty === 'EC' ? { crv, x, y } : { n, e };
  return { kty, ...point, use: 'sig', alg, kid } as PublicJwk;
}
