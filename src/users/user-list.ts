import type { Query } from '../database/feed/feed-connection.js';
import type { Language } from '../problems/language.js';
import { identifierKey } from './identifier.js';

/** A user in a list for operators. */
export interface ListedUser {
  id: string;
  username: string | null;
  email: string | null;
  emailVerified: boolean;
  language: Language;
  hasPassword: boolean;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ListOptions {
  /** Only users whose username or email begins with this text. */
  search?: string | undefined;
  /** The ID of the last user of the previous page. */
  after?: string | undefined;
  limit: number;
}

const SELECT = `
  SELECT id, username, email, email_verified AS "emailVerified", language, password_hash IS NOT NULL AS "hasPassword",
         disabled_at AS "disabledAt", created_at AS "createdAt", updated_at AS "updatedAt"`;

const ALL = `${SELECT} FROM users WHERE id < $1::uuid ORDER BY id DESC LIMIT $2::int`;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The users whose `key` is between $1 and $2, in its order, after the key $3 and the ID $4. */
const matching = (key: 'username_key' | 'email_key', also = '') => `(
  SELECT *, ${key} AS found FROM users
   WHERE ${key} >= $1 AND ${key} < $2 AND (${key}, id) > ($3::text COLLATE "C", $4::uuid) ${also}
   ORDER BY ${key}, id LIMIT $5::int)`;

/** A user who matches by both names is listed by the username. */
const FOUND = `${SELECT} FROM (
    ${matching('username_key')} UNION ALL
    ${matching('email_key', 'AND (username_key IS NULL OR username_key < $1 OR username_key >= $2)')}
  ) AS found_users ORDER BY found, id LIMIT $5::int`;

const POSITION = `
  SELECT CASE WHEN username_key >= $1 AND username_key < $2 THEN username_key ELSE email_key END AS key
    FROM users WHERE id = $3`;

/** Greater than every character of a name. */
const LAST_CHARACTER = '\u{10FFFF}';

/**
 * Lists users by an index, in pages that cost the same at any depth: all users, newest first, or those whose username or
 * email begins with `search`, sorted by that name.
 *
 * @returns undefined if a search continues after a user who does not exist
 */
export async function listUsers(
  query: Query,
  { search, after, limit }: ListOptions,
): Promise<ListedUser[] | undefined> {
  if (search === undefined) return await query<ListedUser>(ALL, [after ?? LAST_ID, limit]);
  const first = identifierKey(search);
  const range = [first, first + LAST_CHARACTER];
  if (after === undefined)
    return await query<ListedUser>(FOUND, [...range, '', '00000000-0000-0000-0000-000000000000', limit]);
  const [position] = await query<{ key: string | null }>(POSITION, [...range, after]);
  return position && (await query<ListedUser>(FOUND, [...range, position.key, after, limit]));
}
