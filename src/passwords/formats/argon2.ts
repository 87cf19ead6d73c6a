import { type Compare, MalformedHash } from '../hash-format.js';
import { checkedSalt, fields, integer, parameters, unpaddedBase64 } from './fields.js';
import { equalBytes, hashFormat } from './format.js';
import { LIMITS } from './limits.js';

const NAMES = ['type', 'version', 'parameters', 'salt', 'digest'] as const;
// The enums of the package are `const` and have no values in isolated modules.
const TYPES = new Map([
  ['argon2i', 1],
  ['argon2id', 2],
] as const);
const VERSIONS = new Map([
  ['v=16', 0],
  ['v=19', 1],
] as const);
/** RFC 9106 §3.1. */
const SALT_MIN = 8;
const DIGEST_MIN = 16;
const DIGEST_MAX = 64;

/** Compares with a PHC string, `$argon2id$v=19$m=65536,t=3,p=4$salt$digest` (RFC 9106); without `v=` it is of version 16. */
export function readArgon2(stored: string): Compare {
  const text = stored.slice(1);
  const versioned = text.includes('$v=') ? text : text.replace('$', '$v=16$');
  const [typeName, versionName, costs, saltText, digest] = fields(versioned, '$', NAMES);
  const algorithm = lookUp(TYPES, typeName, 'the type of argon2');
  const version = lookUp(VERSIONS, versionName, 'the version of argon2');
  const [m, t, p] = parameters(costs, ['m', 't', 'p']);
  const parallelism = integer(p, 'the argon2 parallelism', 1, LIMITS.argon2Parallelism);
  const memoryCost = integer(m, 'the argon2 memory', 8 * parallelism, LIMITS.argon2Memory);
  const timeCost = integer(t, 'the argon2 passes', 1, Math.floor(LIMITS.argon2Work / memoryCost));
  const salt = checkedSalt(unpaddedBase64(saltText, 'the salt'));
  if (salt.length < SALT_MIN) throw new MalformedHash(`the salt is under ${SALT_MIN} bytes`);
  const expected = unpaddedBase64(digest, 'the digest');
  if (expected.length < DIGEST_MIN || expected.length > DIGEST_MAX) {
    throw new MalformedHash(`the digest is not ${DIGEST_MIN} to ${DIGEST_MAX} bytes`);
  }

  const options = { algorithm, version, memoryCost, timeCost, parallelism, salt, outputLen: expected.length };
  return async (password) => {
    // Loaded on first use, because few databases have such hashes.
    const { hashRaw } = await import('@node-rs/argon2');
    return equalBytes(await hashRaw(Buffer.from(password, 'utf8'), options), expected);
  };
}

function lookUp<Key extends string, Value>(table: ReadonlyMap<Key, Value>, key: string, what: string): Value {
  const value = (table as ReadonlyMap<string, Value>).get(key);
  if (value === undefined) throw new MalformedHash(`${what} is none of ${[...table.keys()].join(', ')}`);
  return value;
}

/** argon2id and argon2i as argon2-cffi, passlib, PHP, libsodium and Node.js write them. */
export const argon2Phc = hashFormat('argon2', ['$argon2id$', '$argon2i$'], readArgon2);
