import {
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { JwtAlg } from '../config/config.js';

/** A key and its only algorithm. The `alg` of a token never selects another (RFC 8725 §3.1). */
export interface Key {
  kid: string;
  alg: JwtAlg;
  /** With HS256 the secret, the same as `publicKey`. Undefined if the key only verifies. */
  privateKey: KeyObject | undefined;
  publicKey: KeyObject;
}

interface Algorithm {
  generate(): Promise<KeyObject>;
  verify(data: Buffer, key: KeyObject, signature: Buffer): boolean;
}

/**
 * A generated key object shares a lock with its generation job. On Node.js 20, exporting it as a JWK while the garbage
 * collector frees the job can deadlock the process; a key decoded from DER has no job.
 */
const DER = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;

const generate = promisify(generateKeyPair) as (type: string, options: object) => Promise<{ privateKey: Buffer }>;

function decode({ privateKey }: { privateKey: Buffer }): KeyObject {
  return createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
}

/** RFC 7518 §3.2-3.4. Verification is synchronous: the thread pool may be busy with passwords. */
const ALGORITHMS: Readonly<Record<JwtAlg, Algorithm>> = {
  ES256: {
    generate: async () => decode(await generate('ec', { namedCurve: 'P-256', ...DER })),
    verify: (data, key, signature) => verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
  },
  RS256: {
    generate: async () => decode(await generate('rsa', { modulusLength: 3072, ...DER })),
    verify: (data, key, signature) => verify('sha256', data, key, signature),
  },
  HS256: {
    generate: async () => createSecretKey(randomBytes(32)),
    verify: (data, key, signature) => {
      const expected = createHmac('sha256', key).update(data).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  },
};

/** A new private key, or a new secret for HS256. */
export function generateKey(alg: JwtAlg): Promise<KeyObject> {
  return ALGORITHMS[alg].generate();
}

export function verifyWith({ alg, publicKey }: Key, data: Buffer, signature: Buffer): boolean {
  return ALGORITHMS[alg].verify(data, publicKey, signature);
}
