import { createHash, type KeyObject } from 'node:crypto';

/** A public key as published (RFC 7517). */
export interface PublicJwk {
  kty: string;
  crv?: string;
  x?: string;
  y?: string;
  use: 'sig';
  alg: string;
  kid: string;
}

/** RFC 7638: SHA-256 over the required members of an EC key in lexicographic order. */
export function thumbprint(key: KeyObject): string {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

export function publicJwk(key: KeyObject, alg: string, kid: string): PublicJwk {
  const { kty, crv, x, y } = key.export({ format: 'jwk' }) as { kty: string; crv: string; x: string; y: string };
  return { kty, crv, x, y, use: 'sig', alg, kid };
}
