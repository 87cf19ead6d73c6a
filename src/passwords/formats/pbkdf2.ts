import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { type Compare, MalformedHash } from '../hash-format.js';
import { checkedSalt, checkLength, integer } from './fields.js';
import { equalBytes } from './format.js';
import { LIMITS } from './limits.js';

const derive = promisify(pbkdf2);
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  ['sha1', 20],
  ['sha256', 32],
  ['sha512', 64],
]);

/** The parts of a PBKDF2 hash, as text. */
export interface Pbkdf2 {
  readonly digest: string;
  readonly iterations: string;
  readonly salt: Buffer;
  readonly expected: Buffer;
}

/** PBKDF2 (RFC 8018 §5.2) with HMAC, with one block of output, which is what all these formats store. */
export function pbkdf2Compare({ digest, iterations, salt, expected }: Pbkdf2): Compare {
  const bytes = DIGEST_BYTES.get(digest);
  if (bytes === undefined) throw new MalformedHash(`the digest is not one of ${[...DIGEST_BYTES.keys()].join(', ')}`);
  const rounds = integer(iterations, 'the iteration count', 1, LIMITS.pbkdf2Iterations);
  checkedSalt(salt);
  checkLength(expected, bytes);
  return async (password) => equalBytes(await derive(password, salt, rounds, bytes, digest), expected);
}
