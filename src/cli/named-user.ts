import type { EntityManager, QueryRunner } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { identifierKey } from '../users/identifier.js';
import { displayName, type User } from '../users/user.entity.js';
import type { UsersService } from '../users/users.service.js';
import { CommandFailed } from './command-failed.js';

export interface NamedUser {
  id: string;
  /** The username, or the email if there is none. */
  name: string;
}

/**
 * Finds the user with this username or email, in any letter case, or with this ID.
 *
 * @throws CommandFailed if there is none or more than one
 */
export async function namedUser(session: QueryRunner, name: string): Promise<NamedUser> {
  const users: { id: string; username: string | null; email: string | null }[] = await session.query(
    'SELECT id, username, email FROM users WHERE username_key = $1 OR email_key = $1 OR id = $2::uuid',
    [identifierKey(name), isUuid(name) ? name : null],
  );
  const [user] = users;
  if (user === undefined) throw new CommandFailed(`there is no user ${JSON.stringify(name)}`);
  if (users.length > 1) {
    throw new CommandFailed(`${JSON.stringify(name)} is the username of one user and the email of another; use the ID`);
  }
  return { id: user.id, name: displayName(user) };
}

/** The names of users by their IDs. Deleted users are missing. */
export async function namesOf(session: QueryRunner, ids: readonly string[]): Promise<Map<string, string>> {
  const users: { id: string; username: string | null; email: string | null }[] = await session.query(
    'SELECT id, username, email FROM users WHERE id = ANY($1::uuid[])',
    [[...new Set(ids)]],
  );
  return new Map(users.map((user) => [user.id, displayName(user)]));
}

/** @throws CommandFailed if the user has been deleted meanwhile */
export async function foundUser(users: UsersService, { id, name }: NamedUser): Promise<User> {
  const user = await users.find(id);
  if (!user) throw new CommandFailed(`the user ${name} has been deleted meanwhile`);
  return user;
}

/** Locks the user's row until the end of the transaction. @throws CommandFailed if they have been deleted meanwhile */
export async function requireUser(manager: EntityManager, { id, name }: NamedUser): Promise<void> {
  const rows: unknown[] = await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [id]);
  if (rows.length === 0) throw new CommandFailed(`the user ${name} has been deleted meanwhile`);
}
