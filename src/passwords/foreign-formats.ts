import { argon2Phc } from './formats/argon2.js';
import { bcryptString } from './formats/bcrypt.js';
import { djangoArgon2, djangoBcrypt, djangoBcryptSha256, djangoPbkdf2, djangoScrypt } from './formats/django.js';
import { firebaseScrypt } from './formats/firebase.js';
import { flaskSecurity } from './formats/flask-security.js';
import { ldapSsha } from './formats/ldap.js';
import { passlibPbkdf2 } from './formats/passlib.js';
import { scryptPhc } from './formats/scrypt.js';
import { sha256Crypt, sha512Crypt } from './formats/sha-crypt.js';
import { werkzeugPbkdf2, werkzeugScrypt } from './formats/werkzeug.js';
import type { HashFormat } from './hash-format.js';

/** Every foreign format, in order of recognition. No text is recognised by two. */
export const FOREIGN_FORMATS: readonly HashFormat[] = Object.freeze([
  werkzeugScrypt,
  werkzeugPbkdf2,
  djangoPbkdf2,
  djangoArgon2,
  djangoBcryptSha256,
  djangoBcrypt,
  djangoScrypt,
  flaskSecurity,
  passlibPbkdf2,
  bcryptString,
  argon2Phc,
  scryptPhc,
  firebaseScrypt,
  ldapSsha,
  sha256Crypt,
  sha512Crypt,
]);

/** The format that a stored text claims to be of. */
export function foreignFormatOf(stored: string): HashFormat | undefined {
  return FOREIGN_FORMATS.find((format) => format.recognises(stored));
}
