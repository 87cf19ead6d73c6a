import type { Query } from './feed/feed-connection.js';
import { migrations } from './migrations/index.js';

const NEEDED = (migrations.at(-1) as (typeof migrations)[number]).name;

/** The schema of the database, for the log of the start. */
export class Schema {
  /** The last migration of this release. */
  readonly version = NEEDED;
  /** The names of the migrations that this start has run, in order. */
  migrated: readonly string[] = [];
}

/** Whether the database has the schema that this release needs. */
export async function schemaIsThere(query: Query): Promise<boolean> {
  const rows = await query('SELECT FROM migrations WHERE name = $1', [NEEDED]);
  return rows.length > 0;
}
