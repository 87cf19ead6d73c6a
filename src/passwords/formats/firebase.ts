import { createCipheriv } from 'node:crypto';
import { base64, checkedSalt, checkLength, fields, parameters } from './fields.js';
import { equalBytes, hashFormat } from './format.js';
import { boundedScrypt } from './scrypt.js';

const NAMES = ['parameters', 'salt', 'hash', 'salt separator', 'signer key'] as const;
const ZERO_IV = Buffer.alloc(16);
const KEY_BYTES = 32;

/** Depending on the tool, Firebase exports use the standard or the URL-safe alphabet. */
const anyBase64 = (text: string, what: string) => base64(text.replaceAll('-', '+').replaceAll('_', '/'), what);

/**
 * `$firescrypt$ln=14,r=8,p=1$salt$hash$separator$signer`, all base64: the salt and hash of a user and the parameters
 * of the project. The hash is the project's signer key, encrypted with the scrypt output of the password
 * (github.com/firebase/scrypt).
 */
export const firebaseScrypt = hashFormat('firebase-scrypt', ['$firescrypt$'], (stored, prefix) => {
  const [costs, saltText, hash, separator, signerText] = fields(stored.slice(prefix.length), '$', NAMES);
  const [ln, r, p] = parameters(costs, ['ln', 'r', 'p']);
  const derive = boundedScrypt({ logN: ln }, r, p);
  const salt = checkedSalt(
    Buffer.concat([anyBase64(saltText, 'the salt'), anyBase64(separator, 'the salt separator')]),
  );
  const signer = anyBase64(signerText, 'the signer key');
  const expected = anyBase64(hash, 'the hash');
  checkLength(signer, 64);
  checkLength(expected, 64);
  return async (password) => {
    const key = await derive(password, salt, KEY_BYTES);
    return equalBytes(createCipheriv('aes-256-ctr', key, ZERO_IV).update(signer), expected);
  };
});
