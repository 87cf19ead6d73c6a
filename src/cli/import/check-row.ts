import { wrapFlaskSecurity } from '../../passwords/formats/flask-security.js';
import { foreignFormatOf } from '../../passwords/formats/foreign-formats.js';
import { MalformedHash } from '../../passwords/hash-format.js';
import { OWN_PREFIX, readOwnHash } from '../../passwords/own-hash.js';
import { isEmailAddress, isUsername, looksLikeForeignAddress } from '../../users/identifier.js';
import type { UserToImport } from '../../users/user-import.js';
import { readTime } from './read-time.js';
import type { Column, RowValues } from './source-row.js';

/** A valid row. */
export interface GoodRow {
  user: UserToImport;
  /** The name of its hash format. */
  format: string;
}

/** Why a row is invalid. The message is for the operator and never contains a value of the row. */
class RowFault extends Error {}

/**
 * Reads and checks the values of a row.
 *
 * @param salt the `SECURITY_PASSWORD_SALT` of Flask-Security, if it made the hashes
 * @returns the user, or a message for the operator
 */
export function checkRow(values: RowValues, salt: string | undefined): GoodRow | { fault: string } {
  try {
    const username = text(values, 'username');
    const email = text(values, 'email');
    if (username === undefined && email === undefined) throw new RowFault('has neither a username nor an email');
    if (username !== undefined && !isUsername(username)) throw new RowFault('username is not a valid username');
    if (email !== undefined && !isEmailAddress(email)) throw new RowFault('email is not a valid address');
    if (looksLikeForeignAddress({ username, email })) {
      throw new RowFault('username looks like an email address, but differs from the email of the row');
    }
    const emailVerified = truth(values.email_verified) && email !== undefined;
    const createdAt = time(values.created_at);
    const { passwordHash, format } = checkHash(text(values, 'password_hash'), salt);
    return { user: { username, email, emailVerified, passwordHash, createdAt }, format };
  } catch (error) {
    if (error instanceof RowFault) return { fault: error.message };
    throw error;
  }
}

const MAX_NAME_LENGTH = 64;

/** The name of a row's user for messages: the username, else the email, shortened. A value that is a hash is no name. */
export function rowName({ username, email }: RowValues): string | undefined {
  const name = [username, email].find((value) => typeof value === 'string' && value !== '');
  if (typeof name !== 'string' || foreignFormatOf(name) || name.startsWith(OWN_PREFIX)) return undefined;
  return name.slice(0, MAX_NAME_LENGTH).toWellFormed();
}

function checkHash(stored: string | undefined, salt: string | undefined): { passwordHash: string; format: string } {
  if (stored === undefined) throw new RowFault('password_hash is missing');
  if (stored.startsWith(OWN_PREFIX)) {
    if (readOwnHash(stored)) return { passwordHash: stored, format: 'portero' };
    throw new RowFault('password_hash is a malformed Portero hash');
  }
  const format = foreignFormatOf(stored);
  if (!format) throw new RowFault('password_hash has an unknown format');
  try {
    const passwordHash = salt === undefined ? stored : wrapFlaskSecurity(salt, stored);
    const kept = salt === undefined ? format : (foreignFormatOf(passwordHash) ?? format);
    kept.parse(passwordHash);
    return { passwordHash, format: kept.name };
  } catch (error) {
    if (error instanceof MalformedHash) throw new RowFault(`password_hash (${format.name}): ${error.message}`);
    throw error;
  }
}

/** Text that PostgreSQL can store. Empty text counts as missing. */
function text(values: RowValues, column: Column): string | undefined {
  const value = values[column];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new RowFault(`${column} is not text`);
  // The decoder has replaced invalid UTF-8 by U+FFFD.
  if (value.includes('\uFFFD') || value.includes('\0') || !value.isWellFormed()) {
    throw new RowFault(`${column} is not UTF-8 text`);
  }
  return value;
}

function truth(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (/^(true|t|yes|y|1)$/i.test(String(value))) return true;
  if (/^(false|f|no|n|0)$/i.test(String(value))) return false;
  throw new RowFault('email_verified is neither true nor false');
}

function time(value: unknown): Date | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const date = readTime(String(value));
  if (!date)
    throw new RowFault('created_at is not a time since 1970 (RFC 3339, or seconds or milliseconds since 1970)');
  return date;
}
