import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { TestServer } from './server.js';

/** Counters of rate limits, events and last_seen_at change with any request, by design. */
const EPHEMERAL = /^(rate_limits|login_failures|audit_events(_\w+)?)$/;

/** Every row of every table, by table, without `last_seen_at`. */
export async function dump(server: TestServer): Promise<Record<string, unknown[]>> {
  const database = server.get(DataSource);
  const tables: { name: string }[] = await database.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  const rows: Record<string, unknown[]> = {};
  for (const { name } of tables.filter((table) => !EPHEMERAL.test(table.name))) {
    rows[name] = await database.query(`SELECT to_jsonb(t) - 'last_seen_at' AS row FROM "${name}" t ORDER BY 1`);
  }
  return rows;
}

/** The same as one text, for checks that nothing has changed. */
export async function fingerprint(server: TestServer): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await dump(server)))
    .digest('hex');
}
