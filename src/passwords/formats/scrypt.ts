import { type ScryptOptions, scrypt } from 'node:crypto';
import { type Compare, MalformedHash } from '../hash-format.js';
import { checkedSalt, checkLength, fields, integer, parameters, unpaddedBase64 } from './fields.js';
import { equalBytes, hashFormat } from './format.js';
import { LIMITS } from './limits.js';

/** The default limit of Node.js is below the defaults of Werkzeug. A little above the limit on N × r. */
const MAXMEM = 128 * LIMITS.scryptMemory + 2 ** 20;

/** Runs scrypt (RFC 7914) in the thread pool. The parameters must have been checked. */
export type Scrypt = (password: string, salt: Buffer, bytes: number) => Promise<Buffer>;

/** The parameters of scrypt, as text; `logN` replaces `N` in some formats. */
export function boundedScrypt(cost: { N: string } | { logN: string }, r: string, p: string): Scrypt {
  const N =
    'N' in cost
      ? integer(cost.N, 'the scrypt cost', 2, LIMITS.scryptMemory)
      : 2 ** integer(cost.logN, 'the logarithm of the scrypt cost', 1, Math.log2(LIMITS.scryptMemory));
  const blockSize = integer(r, 'the scrypt block size', 1, LIMITS.scryptBlockSize);
  const parallelism = integer(p, 'the scrypt parallelism', 1, LIMITS.scryptParallelism);
  if (!Number.isInteger(Math.log2(N))) throw new MalformedHash('the scrypt cost is not a power of two');
  if (N * blockSize > LIMITS.scryptMemory) throw new MalformedHash('scrypt would take more than 128 MiB');
  if (N * blockSize * parallelism > LIMITS.scryptWork) throw new MalformedHash('scrypt would take too long');

  const options: ScryptOptions = { N, r: blockSize, p: parallelism, maxmem: MAXMEM };
  return (password, salt, bytes) =>
    new Promise((resolve, reject) => {
      scrypt(password, salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)));
    });
}

/** Verifies scrypt hashes that store the plain output. */
export function scryptCompare(derive: Scrypt, salt: Buffer, expected: Buffer, bytes: number): Compare {
  checkedSalt(salt);
  checkLength(expected, bytes);
  return async (password) => equalBytes(await derive(password, salt, bytes), expected);
}

/** `$scrypt$ln=16,r=8,p=1$salt$digest` in unpadded base64, as passlib and others write it (PHC string format). */
export const scryptPhc = hashFormat('scrypt', ['$scrypt$'], (stored, prefix) => {
  const [costs, salt, digest] = fields(stored.slice(prefix.length), '$', ['parameters', 'salt', 'digest']);
  const [ln, r, p] = parameters(costs, ['ln', 'r', 'p']);
  const derive = boundedScrypt({ logN: ln }, r, p);
  // A shorter one is the beginning of a longer one, so only one length can tell a truncated hash.
  return scryptCompare(derive, unpaddedBase64(salt, 'the salt'), unpaddedBase64(digest, 'the digest'), 32);
});
