import { fields, unpaddedBase64 } from './fields.js';
import { hashFormat } from './format.js';
import { pbkdf2Compare } from './pbkdf2.js';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['$pbkdf2$', 'sha1'],
  ['$pbkdf2-sha256$', 'sha256'],
  ['$pbkdf2-sha512$', 'sha512'],
]);

/** passlib's "adapted base64": unpadded, and `.` for `+` (`passlib.utils.binary.ab64_decode`). */
const ab64 = (text: string, what: string) => unpaddedBase64(text.replaceAll('.', '+'), what);

/** `$pbkdf2-sha256$rounds$salt$digest` (`passlib.hash.pbkdf2_sha256`), and of SHA-512; `$pbkdf2$…` is of SHA-1. */
export const passlibPbkdf2 = hashFormat('passlib-pbkdf2', [...DIGESTS.keys()], (stored, prefix) => {
  const [iterations, salt, digest] = fields(stored.slice(prefix.length), '$', ['rounds', 'salt', 'digest']);
  return pbkdf2Compare({
    digest: DIGESTS.get(prefix) ?? '',
    iterations,
    salt: ab64(salt, 'the salt'),
    expected: ab64(digest, 'the digest'),
  });
});
