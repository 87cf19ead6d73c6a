import { MalformedHash } from '../hash-format.js';
import { fields, hex, textSalt } from './fields.js';
import { hashFormat } from './format.js';
import { pbkdf2Compare } from './pbkdf2.js';
import { boundedScrypt, scryptCompare } from './scrypt.js';

const FIELDS = ['method', 'salt', 'digest'] as const;

/** `scrypt:32768:8:1$salt$hex`: the default of `werkzeug.security.generate_password_hash` since 3.0. */
export const werkzeugScrypt = hashFormat('werkzeug-scrypt', ['scrypt:'], (stored) => {
  const [method, salt, digest] = fields(stored, '$', FIELDS);
  const [, N, r, p] = fields(method, ':', ['scrypt', 'N', 'r', 'p']);
  return scryptCompare(boundedScrypt({ N }, r, p), textSalt(salt), hex(digest, 'the digest'), 64);
});

/** `pbkdf2:sha256:600000$salt$hex`, with sha1, sha256 or sha512. */
export const werkzeugPbkdf2 = hashFormat('werkzeug-pbkdf2', ['pbkdf2:'], (stored) => {
  const [method, salt, digest] = fields(stored, '$', FIELDS);
  if (method.split(':').length === 2) {
    // Werkzeug uses the default of its version then: 260,000 in 2.2, 600,000 in 3.0, 1,000,000 in 3.1.
    throw new MalformedHash('no iteration count, so it depends on the version of Werkzeug');
  }
  const [, name, iterations] = fields(method, ':', ['pbkdf2', 'digest', 'iterations']);
  return pbkdf2Compare({ digest: name, iterations, salt: textSalt(salt), expected: hex(digest, 'the digest') });
});
