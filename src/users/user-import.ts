import type { QueryRunner } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { canonicalText, identifierKey } from './identifier.js';
import type { Identifiers } from './users.service.js';

/** A user of another system, checked: valid names, and a hash that a login can be tried on. */
export interface UserToImport extends Identifiers {
  emailVerified: boolean;
  passwordHash: string;
  createdAt?: Date | undefined;
}

/**
 * What became of a user: `already_there` where all names given are one user's; `…_taken` where that name alone is
 * somebody's, `two_users` where each name is another one's. `lost` where who had the name went away meanwhile.
 */
export type ImportOutcome = 'imported' | 'already_there' | 'username_taken' | 'email_taken' | 'two_users' | 'lost';

interface Named {
  index: number;
  usernameKey: string | null;
  emailKey: string | null;
}

const TRIES = 4;
const DEADLOCK = '40P01';

/** Stores users in batches, each in one statement and so whole or not at all. Nobody who is there is changed. */
export class UserImport {
  private constructor(
    private readonly session: QueryRunner,
    private readonly clock: Clock,
    /** Where new users go: the table, or in a dry run a copy of it that only this session sees. */
    private readonly target: 'users' | 'pg_temp.imported_users',
    private readonly audit = new AuditLog(clock, session.manager),
  ) {}

  /** @param session must be let go of by who gives it; the dry run keeps its users in it */
  static async begin(session: QueryRunner, clock: Clock, { dryRun }: { dryRun: boolean }): Promise<UserImport> {
    if (!dryRun) return new UserImport(session, clock, 'users');
    await session.query('CREATE TEMPORARY TABLE imported_users (LIKE users INCLUDING ALL)');
    return new UserImport(session, clock, 'pg_temp.imported_users');
  }

  /** The outcomes, in the order of `users`. */
  async store(users: readonly UserToImport[]): Promise<ImportOutcome[]> {
    const outcomes = new Array<ImportOutcome>(users.length).fill('lost');
    let rest = users.map(({ username, email }, index) => ({
      index,
      usernameKey: username === undefined ? null : identifierKey(username),
      emailKey: email === undefined ? null : identifierKey(email),
    }));
    if (this.target !== 'users') rest = await this.#findOwners('users', rest, outcomes);
    rest = await this.#insert(rest, users, outcomes);
    await this.#findOwners(this.target, rest, outcomes);
    return outcomes;
  }

  /** @returns those that were not stored, because a name of theirs is taken */
  async #insert(rest: Named[], users: readonly UserToImport[], outcomes: ImportOutcome[]): Promise<Named[]> {
    if (rest.length === 0) return [];
    const now = this.clock.date();
    const ids = rest.map(() => uuidv7());
    const all = rest.map(({ index }) => users[index] as UserToImport);
    const columns = [
      ids,
      all.map(({ username }) => (username === undefined ? null : canonicalText(username))),
      rest.map(({ usernameKey }) => usernameKey),
      all.map(({ email }) => (email === undefined ? null : canonicalText(email))),
      rest.map(({ emailKey }) => emailKey),
      all.map(({ emailVerified }) => emailVerified),
      all.map(({ passwordHash }) => passwordHash),
      all.map(({ createdAt }) => (createdAt ?? now).toISOString()),
      now.toISOString(),
    ];
    const insert = `
      INSERT INTO ${this.target}
        (id, username, username_key, email, email_key, email_verified, password_hash, created_at, updated_at,
         credentials_changed_at)
      SELECT *, $9::timestamptz, $9::timestamptz
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[],
                  $8::timestamptz[])
      ON CONFLICT DO NOTHING
      RETURNING id`;
    const event = eventParameter(this.audit.event('users.imported', { actor: 'operator' }));
    const [sql, values] = this.target === 'users' ? [withEvent(insert), [...columns, event]] : [insert, columns];
    const stored = new Set((await this.#query<{ id: string }>(sql, values)).map(({ id }) => id));
    return rest.filter(({ index }, position) => {
      const imported = stored.has(ids[position] as string);
      if (imported) outcomes[index] = 'imported';
      return !imported;
    });
  }

  /** @returns those none of whose names is anybody's */
  async #findOwners(table: string, rest: Named[], outcomes: ImportOutcome[]): Promise<Named[]> {
    if (rest.length === 0) return [];
    const sql = `
      SELECT input.index, by_username.id AS "usernameOwner", by_email.id AS "emailOwner"
      FROM unnest($1::int[], $2::text[], $3::text[]) AS input (index, username_key, email_key)
      LEFT JOIN ${table} by_username ON by_username.username_key = input.username_key
      LEFT JOIN ${table} by_email ON by_email.email_key = input.email_key
      WHERE by_username.id IS NOT NULL OR by_email.id IS NOT NULL`;
    const owners = await this.#query<{ index: number; usernameOwner: string | null; emailOwner: string | null }>(sql, [
      rest.map(({ index }) => index),
      rest.map(({ usernameKey }) => usernameKey),
      rest.map(({ emailKey }) => emailKey),
    ]);
    const found = new Map(owners.map((owner) => [owner.index, owner]));
    return rest.filter(({ index, usernameKey, emailKey }) => {
      const owner = found.get(index);
      if (!owner) return true;
      const { usernameOwner, emailOwner } = owner;
      if (usernameKey === null || emailKey === null || usernameOwner === emailOwner) outcomes[index] = 'already_there';
      else if (emailOwner === null) outcomes[index] = 'username_taken';
      else outcomes[index] = usernameOwner === null ? 'email_taken' : 'two_users';
      return false;
    });
  }

  /** Again after a deadlock: a batch holds many names while it waits for one, and so may somebody who registers. */
  async #query<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.session.query(sql, values);
      } catch (error) {
        if ((error as { code?: string }).code !== DEADLOCK || tries === TRIES) throw error;
      }
    }
  }
}

/** $10 is an event, recorded in the same statement with how many users it stores; none where it stores nobody. */
function withEvent(insert: string): string {
  const event = insertEvent('$10', {
    from: '(SELECT count(*) AS users FROM stored HAVING count(*) > 0) AS counted',
    set: `jsonb_build_object('details', jsonb_build_object('users', counted.users))`,
  });
  return `WITH stored AS (${insert}), event AS (${event}) SELECT id FROM stored`;
}
