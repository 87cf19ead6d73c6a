import { createHash } from 'node:crypto';
import { readArgon2 } from './argon2.js';
import { readBcrypt } from './bcrypt.js';
import { base64, fields, textSalt } from './fields.js';
import { hashFormat } from './format.js';
import { pbkdf2Compare } from './pbkdf2.js';
import { boundedScrypt, scryptCompare } from './scrypt.js';

/** `pbkdf2_sha256$iterations$salt$base64`, Django's default, and `pbkdf2_sha1$…` (django.contrib.auth.hashers). */
export const djangoPbkdf2 = hashFormat('django-pbkdf2', ['pbkdf2_sha256$', 'pbkdf2_sha1$'], (stored) => {
  const [algorithm, iterations, salt, digest] = fields(stored, '$', ['algorithm', 'iterations', 'salt', 'digest']);
  return pbkdf2Compare({
    digest: algorithm === 'pbkdf2_sha1' ? 'sha1' : 'sha256',
    iterations,
    salt: textSalt(salt),
    expected: base64(digest, 'the digest'),
  });
});

/** `argon2$argon2id$v=19$…`: a PHC string without its first `$`. */
export const djangoArgon2 = hashFormat('django-argon2', ['argon2$'], (stored, prefix) =>
  readArgon2(`$${stored.slice(prefix.length)}`),
);

/** `bcrypt_sha256$$2b$…`: bcrypt of the password's SHA-256 in hexadecimal, so all bytes of the password count. */
export const djangoBcryptSha256 = hashFormat('django-bcrypt-sha256', ['bcrypt_sha256$'], (stored, prefix) => {
  const compare = readBcrypt(stored.slice(prefix.length));
  return (password) => compare(createHash('sha256').update(password, 'utf8').digest('hex'));
});

/** `bcrypt$$2b$…`: bcrypt's own string, of the first 72 bytes. */
export const djangoBcrypt = hashFormat('django-bcrypt', ['bcrypt$'], (stored, prefix) =>
  readBcrypt(stored.slice(prefix.length)),
);

/** `scrypt$N$salt$r$p$base64`, in this order. */
export const djangoScrypt = hashFormat('django-scrypt', ['scrypt$'], (stored) => {
  const [, N, salt, r, p, digest] = fields(stored, '$', ['scrypt', 'N', 'salt', 'r', 'p', 'digest']);
  return scryptCompare(boundedScrypt({ N }, r, p), textSalt(salt), base64(digest, 'the digest'), 64);
});
