import pg from 'pg';
import { CLAIM } from '../../../src/outbox/outbox-rows.js';
import { createDatabase, isPostgres, type TestDatabase } from '../../support/engine.js';
import { testOnPostgres } from '../../support/on-engine.js';

/** The plan of the claim: it must not depend on statistics. */
let database: TestDatabase;
let sql: pg.Client;
beforeAll(async () => {
  if (!isPostgres) return;
  database = await createDatabase();
  sql = new pg.Client({ connectionString: database.env.DATABASE_URL });
  await sql.connect();
  await sql.query('ALTER TABLE outbox SET (autovacuum_enabled = false)');
});
afterAll(async () => {
  if (!isPostgres) return;
  await sql.end();
  await database.drop();
});

/** The lines of the plan that read the table. */
async function scans(): Promise<string[]> {
  const { rows } = await sql.query(`EXPLAIN ${CLAIM}`, ['mail', 5, null, 60_000]);
  const lines = rows.map((row) => row['QUERY PLAN'] as string);
  return lines.flatMap((line) => /((?:Index|Seq|Bitmap)[\w ]* Scan.*?) {2}\(cost/.exec(line)?.[1] ?? []);
}

const add = (count: number, state: string) =>
  sql.query(
    `INSERT INTO outbox (id, topic, payload, state, due_at, deadline, created_at, settled_at)
     SELECT gen_random_uuid(), 'mail', '\\x00', $2, now(), now(), now(), CASE $2 WHEN 'waiting' THEN NULL ELSE now() END
     FROM generate_series(1, $1::int)`,
    [count, state],
  );

testOnPostgres('a claim reads the index of due entries, whatever the statistics of the planner say', async () => {
  const indexes = ['Index Scan using outbox_pkey on outbox', 'Index Scan using outbox_due on outbox outbox_1'];
  const plans: string[][] = [];
  const look = async () => void plans.push((await scans()).sort());
  await look();
  await add(5000, 'sent');
  await look();
  await add(10, 'waiting');
  await look();
  await sql.query('ANALYZE outbox');
  await look();
  await add(10_000, 'waiting');
  await look();
  await sql.query('VACUUM ANALYZE outbox');
  await look();
  expect(plans).toEqual(plans.map(() => [...indexes].sort()));
});
