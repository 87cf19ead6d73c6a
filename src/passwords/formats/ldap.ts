import { createHash } from 'node:crypto';
import { MalformedHash } from '../hash-format.js';
import { base64, checkedSalt } from './fields.js';
import { equalBytes, hashFormat } from './format.js';

const DIGESTS: ReadonlyMap<string, readonly [string, number]> = new Map([
  ['{SSHA}', ['sha1', 20]],
  ['{SSHA256}', ['sha256', 32]],
  ['{SSHA512}', ['sha512', 64]],
]);
/** Names of schemes are case-insensitive (RFC 3112 §2); programs write them in these two ways. */
const PREFIXES = [...DIGESTS.keys()].flatMap((prefix) => [prefix, prefix.toLowerCase()]);

/** `{SSHA}`, `{SSHA256}`, `{SSHA512}` of OpenLDAP: base64 of digest(password ‖ salt) ‖ salt. */
export const ldapSsha = hashFormat('ldap-ssha', PREFIXES, (stored, prefix) => {
  const [digest, bytes] = DIGESTS.get(prefix.toUpperCase()) ?? ['', 0];
  const content = base64(stored.slice(prefix.length), 'the hash');
  if (content.length <= bytes) throw new MalformedHash('the digest is truncated or has no salt');
  const expected = content.subarray(0, bytes);
  const salt = checkedSalt(content.subarray(bytes));
  return async (password) => equalBytes(createHash(digest).update(password, 'utf8').update(salt).digest(), expected);
});
