import type { Query } from './feed/feed-connection.js';
import { migrations } from './migrations/index.js';

/** A SQLSTATE. */
const UNDEFINED_TABLE = '42P01';

const NEEDED = (migrations.at(-1) as (typeof migrations)[number]).name;

/** The schema of the database, for the log of the start. */
export class Schema {
  /** The last migration of this release. */
  readonly version = NEEDED;
  /** The names of the migrations that this start has run, in order. */
  migrated: readonly string[] = [];
}

/** Whether exactly the migrations of this release have been run. Then a start has none to run, and need not wait for a lock. */
export async function isUpToDate(query: Query): Promise<boolean> {
  try {
    const names = (await query<{ name: string }>('SELECT name FROM migrations')).map(({ name }) => name);
    return names.length === migrations.length && migrations.every(({ name }) => names.includes(name));
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** Whether the database has the schema that this release needs. */
export async function schemaIsThere(query: Query): Promise<boolean> {
  const rows = await query('SELECT FROM migrations WHERE name = $1', [NEEDED]);
  return rows.length > 0;
}
