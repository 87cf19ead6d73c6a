import { createHmac } from 'node:crypto';
import { type HashFormat, MalformedHash } from '../hash-format.js';
import { argon2Phc } from './argon2.js';
import { bcryptString } from './bcrypt.js';
import { checkedSalt, textSalt } from './fields.js';
import { hashFormat } from './format.js';
import { passlibPbkdf2 } from './passlib.js';
import { scryptPhc } from './scrypt.js';
import { sha256Crypt, sha512Crypt } from './sha-crypt.js';

const PREFIX = '$flask-security$salt=';
/** The schemes of passlib that Flask-Security double-hashes: all except Django's (`SECURITY_PASSWORD_SINGLE_HASH`). */
const INNER: readonly HashFormat[] = [bcryptString, argon2Phc, passlibPbkdf2, scryptPhc, sha256Crypt, sha512Crypt];

/**
 * Wraps a hash made by Flask-Security for storage. The hash does not contain `SECURITY_PASSWORD_SALT`, which is needed to verify
 * it.
 *
 * @throws MalformedHash if the salt is empty or too long
 */
export function wrapFlaskSecurity(salt: string, stored: string): string {
  return `${PREFIX}${textSalt(salt).toString('base64url')}$${stored}`;
}

/**
 * The result of {@link wrapFlaskSecurity}. Flask-Security hashes base64(HMAC-SHA-512(salt, password)) instead of the password
 * (`flask_security.utils.get_hmac`). Since 4.0 it normalizes the password to NFKD first, so a password that NFKD changes is
 * tried in both forms.
 */
export const flaskSecurity = hashFormat('flask-security', [PREFIX], (stored) => {
  const end = stored.indexOf('$', PREFIX.length);
  const saltText = stored.slice(PREFIX.length, Math.max(end, PREFIX.length));
  const salt = Buffer.from(saltText, 'base64url');
  if (salt.length === 0 || salt.toString('base64url') !== saltText)
    throw new MalformedHash('no salt of Flask-Security');
  checkedSalt(salt);
  const inner = stored.slice(end + 1);
  const compare = INNER.find((format) => format.recognises(inner))?.parse(inner);
  if (compare === undefined) throw new MalformedHash('not of a scheme that Flask-Security hashes twice');
  const signed = (password: string) => createHmac('sha512', salt).update(password, 'utf8').digest('base64');
  return async (password) => {
    const normal = password.normalize('NFKD');
    if (await compare(signed(normal))) return true;
    return normal !== password && compare(signed(password));
  };
});
