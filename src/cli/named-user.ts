import type { QueryRunner } from 'typeorm';
import { identifierKey } from '../users/identifier.js';
import { CommandFailed } from './command-failed.js';

export interface NamedUser {
  id: string;
  /** Null if the user is not disabled. */
  disabledAt: Date | null;
}

/** Finds the user with this username or email, in any case. @throws CommandFailed if there is none or more than one */
export async function namedUser(session: QueryRunner, name: string): Promise<NamedUser> {
  const users: NamedUser[] = await session.query(
    'SELECT id, disabled_at AS "disabledAt" FROM users WHERE username_key = $1 OR email_key = $1',
    [identifierKey(name)],
  );
  const [user] = users;
  if (user === undefined) throw new CommandFailed(`there is no user ${JSON.stringify(name)}`);
  if (users.length > 1) {
    throw new CommandFailed(`${JSON.stringify(name)} is the username of one user and the email of another`);
  }
  return user;
}
