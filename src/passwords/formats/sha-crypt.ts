import { type Compare, MalformedHash } from '../hash-format.js';
import { integer } from './fields.js';
import { equalBytes, hashFormat } from './format.js';
import { LIMITS } from './limits.js';
import { type ShaCrypt, shaCrypt } from './sha-crypt-rounds.js';

const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
/** Optional rounds, up to 16 characters of salt, and the digest. */
const FORM = /^(?:rounds=([^$]{1,10})\$)?([!-#%-9;-~]{0,16})\$([./0-9A-Za-z]{43,86})$/;

function read(algorithm: ShaCrypt['algorithm'], digestLength: number, text: string): Compare {
  const [, roundsText, salt, digest] = FORM.exec(text) ?? [];
  if (salt === undefined || digest?.length !== digestLength) throw new MalformedHash(`not a ${algorithm}-crypt string`);
  const rounds =
    roundsText === undefined
      ? DEFAULT_ROUNDS
      : integer(roundsText, 'the number of rounds', MIN_ROUNDS, LIMITS.shaCryptRounds);
  const expected = Buffer.from(digest, 'latin1');
  return async (password) => {
    const bytes = Buffer.from(password, 'utf8');
    // crypt(3) ends the password at NUL, so no password with NUL was ever hashed completely.
    const possible = bytes.length <= LIMITS.shaCryptPasswordBytes && !bytes.includes(0);
    const tried = possible ? bytes : Buffer.alloc(0);
    const computed = await shaCrypt({ algorithm, rounds, salt: Buffer.from(salt, 'latin1'), password: tried });
    return equalBytes(Buffer.from(computed, 'latin1'), expected) && possible;
  };
}

/** `$5$[rounds=N$]salt$digest` of crypt(3). */
export const sha256Crypt = hashFormat('sha256-crypt', ['$5$'], (stored) => read('sha256', 43, stored.slice(3)));

/** `$6$[rounds=N$]salt$digest` of crypt(3). */
export const sha512Crypt = hashFormat('sha512-crypt', ['$6$'], (stored) => read('sha512', 86, stored.slice(3)));
