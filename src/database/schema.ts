import type { Query } from './feed/feed-connection.js';
import { migrations } from './migrations/index.js';

const NEEDED = (migrations.at(-1) as (typeof migrations)[number]).name;

/** Whether the database has the schema that this release needs. */
export async function schemaIsThere(query: Query): Promise<boolean> {
  const rows = await query('SELECT FROM migrations WHERE name = $1', [NEEDED]);
  return rows.length > 0;
}
