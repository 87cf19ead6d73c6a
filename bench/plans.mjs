// Prints how PostgreSQL runs the statements that concurrent refreshes and logouts share: for 0, 2,000 and 1,000,000
// sessions, never analyzed and analyzed, with 64 sessions per statement.
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/plans.mjs
//
// SESSIONS may be set instead of 1,000,000.
import pg from 'pg';
import { eventParameter } from '../build/src/audit/event-row.js';
import { END_EACH } from '../build/src/sessions/revocation/revocation-statements.js';
import { ROTATE_EACH } from '../build/src/sessions/session-statements.js';
import { startServer, withDatabase } from './harness.mjs';

const BATCH = 64;
const SESSIONS = Number(process.env.SESSIONS ?? 1_000_000);

await withDatabase(async (databaseUrl) => {
  // Only for its schema.
  await (await startServer(databaseUrl)).stop();
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  for (const table of ['users', 'sessions', 'revocations']) {
    await database.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  }
  let made = 0;
  for (const count of [0, 2000, SESSIONS]) {
    await makeSessions(database, count - made);
    made = count;
    for (const analyzed of [false, true]) {
      if (analyzed) await database.query('VACUUM ANALYZE users, sessions, revocations');
      await show(database, `${count} sessions, ${analyzed ? 'analyzed' : 'never analyzed at this size'}`);
    }
    // As if they had never been analyzed.
    await database.query(
      `UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname IN ('users', 'sessions') AND relkind = 'r'`,
    );
    await database.query(`DELETE FROM pg_statistic WHERE starelid IN ('users'::regclass, 'sessions'::regclass)`);
  }
  await database.end();
});

async function makeSessions(database, count) {
  await database.query(
    `WITH added AS (
       INSERT INTO users (id, username, username_key, created_at, updated_at)
         SELECT id, id, id, now(), now() FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::int)) n RETURNING id
     )
     INSERT INTO sessions (id, user_id, transport, generation, auth_time, amr, started_at, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
       SELECT gen_random_uuid(), id, 'bearer', 1, now(), '{pwd}', now(), now(), now() + interval '14 d', now() + interval '30 d', now() FROM added`,
    [count],
  );
}

async function show(database, title) {
  const { rows } = await database.query('SELECT id, generation FROM sessions ORDER BY id LIMIT $1', [BATCH]);
  const ids = rows.map(({ id }) => id);
  const events = ids.map((id) =>
    eventParameter({ id, occurredAt: new Date(), type: 'logout', result: 'ok', actor: 'user' }),
  );
  const rotate = [ids, rows.map(({ generation }) => generation), null, 1000, new Date(), ids.map(() => null)];
  const end = [events, ids.map(() => 'logout'), null, ids];
  for (const [name, sql, parameters] of [
    ['refresh', ROTATE_EACH, rotate],
    ['logout', END_EACH, end],
  ]) {
    await database.query('BEGIN');
    const plan = await database.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) ${sql}`, parameters);
    await database.query('ROLLBACK');
    console.log(`\n## ${name}: ${title}\n`);
    console.log(plan.rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
}
