import {
  createHmac,
  generateKeyPair,
  generateKey as generateSecret,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { JwtAlg } from '../config/config.js';

/** A key and the one algorithm that it is for; the token is never asked (RFC 8725 §3.1). */
export interface Key {
  kid: string;
  alg: JwtAlg;
  /** Of HS256 the secret, which is `publicKey` too. None where only others may sign. */
  privateKey: KeyObject | undefined;
  publicKey: KeyObject;
}

interface Algorithm {
  generate(): Promise<KeyObject>;
  sign(data: Buffer, key: KeyObject): Buffer;
  verify(data: Buffer, key: KeyObject, signature: Buffer): boolean;
}

/** RFC 7518 §3.2-3.4, by node:crypto's own calls that stay on this thread: its pool may be busy with passwords. */
const ALGORITHMS: Readonly<Record<JwtAlg, Algorithm>> = {
  ES256: {
    generate: async () => (await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })).privateKey,
    sign: (data, key) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
    verify: (data, key, signature) => verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
  },
  RS256: {
    generate: async () => (await promisify(generateKeyPair)('rsa', { modulusLength: 3072 })).privateKey,
    sign: (data, key) => sign('sha256', data, key),
    verify: (data, key, signature) => verify('sha256', data, key, signature),
  },
  HS256: {
    generate: () => promisify(generateSecret)('hmac', { length: 256 }),
    sign: (data, key) => createHmac('sha256', key).update(data).digest(),
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

export function signWith({ alg, privateKey }: Key, data: Buffer): Buffer {
  if (privateKey === undefined) throw new Error('a key that only verifies was asked to sign');
  return ALGORITHMS[alg].sign(data, privateKey);
}

export function verifyWith({ alg, publicKey }: Key, data: Buffer, signature: Buffer): boolean {
  return ALGORITHMS[alg].verify(data, publicKey, signature);
}
