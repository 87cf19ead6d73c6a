import type { HashFormat } from '../hash-format.js';
import { argon2Phc } from './argon2.js';
import { bcryptString } from './bcrypt.js';
import { djangoArgon2, djangoBcrypt, djangoBcryptSha256, djangoPbkdf2, djangoScrypt } from './django.js';
import { firebaseScrypt } from './firebase.js';
import { flaskSecurity } from './flask-security.js';
import { ldapSsha } from './ldap.js';
import { passlibPbkdf2 } from './passlib.js';
import { scryptPhc } from './scrypt.js';
import { sha256Crypt, sha512Crypt } from './sha-crypt.js';
import { werkzeugPbkdf2, werkzeugScrypt } from './werkzeug.js';

/** All foreign formats. No text is recognized by two of them. */
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

/** The format of a stored text, by its prefix. */
export function foreignFormatOf(stored: string): HashFormat | undefined {
  return FOREIGN_FORMATS.find((format) => format.recognises(stored));
}
