import type { QueryRunner } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { canonicalText, identifierKey, type TypedNames } from './identifier.js';

/** A checked user of another system: the names are valid and the hash is supported. */
export interface UserToImport extends TypedNames {
  emailVerified: boolean;
  passwordHash: string;
  createdAt?: Date | undefined;
}

/**
 * The result for a user. `already_there`: all names belong to one existing user. `…_taken`: only that name belongs to an
 * existing user. `two_users`: the names belong to two users. `lost`: the user with the same name was deleted during the
 * import.
 */
export type ImportOutcome = 'imported' | 'already_there' | 'username_taken' | 'email_taken' | 'two_users' | 'lost';

interface Named {
  index: number;
  usernameKey: string | null;
  emailKey: string | null;
}

const TRIES = 4;
const DEADLOCK = '40P01';

/** Stores users in batches. Each batch is one statement, so it is atomic. Existing users are not changed. */
export class UserImport {
  private constructor(
    private readonly session: QueryRunner,
    private readonly clock: Clock,
    /** The table for new users. A dry run uses a temporary copy. */
    private readonly target: 'users' | 'pg_temp.imported_users',
    private readonly audit = new AuditLog(clock, session.manager),
  ) {}

  /** @param session the connection to use. It stays open, and a dry run stores its users in it */
  static async start(session: QueryRunner, clock: Clock, { dryRun }: { dryRun: boolean }): Promise<UserImport> {
    if (!dryRun) return new UserImport(session, clock, 'users');
    await session.query('CREATE TEMPORARY TABLE imported_users (LIKE users INCLUDING ALL)');
    return new UserImport(session, clock, 'pg_temp.imported_users');
  }

  /** @returns the outcomes, in the order of `users` */
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

  /** @returns the users that were not stored, because one of their names is taken */
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

  /** @returns the users whose names are all free */
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

  /** Retries after a deadlock, for example with a concurrent registration: a batch locks many names. */
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

/** Records the event $10 with the number of stored users in the same statement, unless that number is zero. */
function withEvent(insert: string): string {
  const event = insertEvent('$10', {
    from: '(SELECT count(*) AS users FROM stored HAVING count(*) > 0) AS counted',
    set: `jsonb_build_object('details', jsonb_build_object('users', counted.users))`,
  });
  return `WITH stored AS (${insert}), event AS (${event}) SELECT id FROM stored`;
}
