import bcrypt from 'bcrypt';
import { type Compare, MalformedHash } from '../hash-format.js';
import { integer } from './fields.js';
import { equalBytes, hashFormat } from './format.js';
import { LIMITS } from './limits.js';

const FORM = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;

/** Verifies a bcrypt string, `$2b$12$…`. bcrypt uses the first 72 bytes of the password. */
export function readBcrypt(stored: string): Compare {
  const [, cost, salt, digest] = FORM.exec(stored) ?? [];
  if (cost === undefined || salt === undefined || digest === undefined) throw new MalformedHash('not a bcrypt string');
  integer(cost.replace(/^0/, ''), 'the bcrypt cost', 4, LIMITS.bcryptCost);
  // $2a$ and $2y$ are the same algorithm; only OpenBSD before 5.5 differed, for passwords of 255 bytes and more.
  const settings = `$2b$${cost}$${salt}`;
  const expected = Buffer.from(digest, 'latin1');
  return async (password) => {
    const computed = await bcrypt.hash(Buffer.from(password, 'utf8'), settings);
    const matches = equalBytes(Buffer.from(computed.slice(-digest.length), 'latin1'), expected);
    // crypt(3) ends the password at NUL, so no password with NUL was ever hashed completely.
    return matches && !password.includes('\0');
  };
}

/** `$2a$`, `$2b$` and `$2y$`: OpenBSD's, PHP's `password_hash`, Apache's, Node.js' and passlib's. */
export const bcryptString = hashFormat('bcrypt', ['$2a$', '$2b$', '$2y$'], readBcrypt);
