import pg from 'pg';
import { eventParameter } from '../../../src/audit/event-row.js';
import { END_EACH } from '../../../src/sessions/revocation/revocation-statements.js';
import { ROTATE_EACH_AND_RECORD } from '../../../src/sessions/session-statements.js';
import { createDatabase, isPostgres, type TestDatabase } from '../../support/engine.js';
import { testOnPostgres } from '../../support/on-engine.js';

/** The plans of the shared statements: they must not depend on statistics. bench/plans.mjs shows them for more sessions. */
let database: TestDatabase;
let sql: pg.Client;
beforeAll(async () => {
  if (!isPostgres) return;
  database = await createDatabase();
  sql = new pg.Client({ connectionString: database.env.DATABASE_URL });
  await sql.connect();
  await sql.query('ALTER TABLE sessions SET (autovacuum_enabled = false)');
  await sql.query('ALTER TABLE users SET (autovacuum_enabled = false)');
});
afterAll(async () => {
  if (!isPostgres) return;
  await sql.end();
  await database.drop();
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** The kinds of scans of `sessions` and `users`. */
function scans(plan: Plan): string[] {
  const name = plan['Relation Name'];
  const own = name === 'sessions' || name === 'users' ? [`${plan['Node Type']} of ${name}`] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scans)];
}

const event = (id: string) =>
  eventParameter({ id, occurredAt: new Date(), type: 'logout' } as Parameters<typeof eventParameter>[0]);

async function scansOf(statement: string, parameters: unknown[]): Promise<string[]> {
  const { rows } = await sql.query(`EXPLAIN (FORMAT JSON) ${statement}`, parameters);
  return [...new Set(scans(rows[0]['QUERY PLAN'][0].Plan))].filter((scan) => /^Seq Scan/.test(scan));
}

async function sequentialScans(): Promise<string[]> {
  const all: string[] = [];
  for (const count of [1, 16, 128]) {
    const { rows } = await sql.query(
      'SELECT COALESCE(s.id, gen_random_uuid()) AS id FROM generate_series(1, $1) n LEFT JOIN LATERAL (SELECT id FROM sessions OFFSET n LIMIT 1) s ON true',
      [count],
    );
    const ids: string[] = rows.map(({ id }) => id);
    const events = ids.map(event);
    all.push(
      ...(await scansOf(ROTATE_EACH_AND_RECORD, [ids, ids.map(() => 1), null, 1000, new Date(), events])),
      ...(await scansOf(END_EACH, [events, ids.map(() => 'logout'), null, ids])),
    );
  }
  return [...new Set(all)];
}

async function addSessions(count: number): Promise<void> {
  await sql.query(
    `WITH added AS (
       INSERT INTO users (id, username, username_key, created_at, updated_at)
         SELECT gen_random_uuid(), 'user-' || n, 'user-' || n || $2, now(), now() FROM generate_series(1, $1::int) n RETURNING id
     )
     INSERT INTO sessions (id, user_id, transport, generation, auth_time, amr, started_at, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
       SELECT gen_random_uuid(), id, 'bearer', 1, now(), '{pwd}', now(), now(), now() + interval '14 d', now() + interval '30 d', now() FROM added`,
    [count, `-${count}`],
  );
}

testOnPostgres(
  'refreshes and logouts never read all sessions or users, whatever the statistics of the planner say',
  async () => {
    // Outdated statistics: analyzed when empty, or when small.
    await sql.query('ANALYZE');
    await addSessions(2000);
    expect(await sequentialScans()).toEqual([]);
    await sql.query('ANALYZE');
    expect(await sequentialScans()).toEqual([]);
    await addSessions(20_000);
    expect(await sequentialScans()).toEqual([]);
    await sql.query('VACUUM ANALYZE');
    expect(await sequentialScans()).toEqual([]);
  },
);
