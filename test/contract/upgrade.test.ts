import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { loadConfig } from '../../src/config/config.js';
import { type Database, openDatabase } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { RefreshTokenCodec } from '../../src/sessions/refresh-token.js';
import { createDatabase, type TestDatabase } from '../support/engine.js';
import { ServerProcess } from '../support/process.js';

/** The newest migration of the previous release. All later ones are run here on a database with data. */
const FORMER_RELEASE = 1763761000000;
const SECRET = Buffer.alloc(32, 7).toString('base64url');
const EVENTS = 100_000;
const SESSIONS = 20;

let test_: TestDatabase;
let database: Database;
let source: DataSource;
beforeAll(async () => {
  test_ = await createDatabase();
  await open();
});
afterAll(async () => {
  if (source.isInitialized) await close();
  await ServerProcess.killAll();
  await test_.drop();
});

async function open(): Promise<void> {
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir = '' } = test_.env;
  database = openDatabase({ databaseUrl, dataDir });
  source = await new DataSource(database.migrationOptions).initialize();
}

async function close(): Promise<void> {
  await source.destroy();
  await database.close();
}

async function backToFormerRelease(): Promise<string[]> {
  const reverted: string[] = [];
  for (;;) {
    const [{ newest }] = await source.query('SELECT max(timestamp)::float8 AS newest FROM migrations');
    if (newest <= FORMER_RELEASE) return reverted;
    reverted.push(...(await migrate(source, 'revert')));
  }
}

/** Rows as the previous release wrote them, with only its columns. */
async function fill(): Promise<string[]> {
  const { secret } = loadConfig({ PORTERO_SECRET: SECRET, ...test_.env }).config;
  const codec = new RefreshTokenCodec(secret.derive('refresh-token'));
  const tokens: string[] = [];
  for (let n = 0; n < SESSIONS; n++) {
    const [userId, sessionId] = [randomUUID(), randomUUID()];
    await source.query(
      `INSERT INTO users (id, username, username_key, password_hash, created_at, updated_at)
       VALUES ($1, $2, $2, '$2b$04$', now() - interval '90 days', now() - interval '9 days')`,
      [userId, `user-${n}`],
    );
    await source.query(
      `INSERT INTO sessions (id, user_id, transport, generation, auth_time, rotated_at, last_seen_at, refresh_expires_at,
                             expires_at, access_expires_at, ip, user_agent)
       VALUES ($1, $2, 'bearer', $3, now() - interval '3 days', now() - interval '1 day', now() - interval '1 day',
               now() + interval '6 days', now() + interval '27 days', now() - interval '23 hours', '203.0.113.7', 'curl')`,
      [sessionId, userId, n + 1],
    );
    tokens.push(codec.encode({ sessionId, generation: n + 1 }));
  }
  // Over 14 months, and some from a clock that was ahead, by little and by years.
  await source.query(
    `INSERT INTO audit_events (id, occurred_at, type, result, user_id, actor, ip, details)
     SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n), 19, '0'))::uuid,
            at, 'login', 'ok', (SELECT id FROM users WHERE username = 'user-' || n % 40), 'user', '203.0.113.7',
            '{"transport": "bearer"}'
       FROM (SELECT n, now() - (n - 100) * interval '6 minutes' AS at FROM generate_series(1, $1::int) n
             UNION ALL VALUES (0, now() + interval '40 days'), (0, now() + interval '5 years')) AS times`,
    [EVENTS - 2],
  );
  return tokens;
}

async function snapshot(): Promise<object> {
  const hash = (table: string) =>
    `(SELECT md5(string_agg(md5(t::text), '' ORDER BY t.id)) FROM ${table} t) AS ${table}, (SELECT count(*) FROM ${table}) AS ${table}_count`;
  const columns = 'id, user_id, generation, auth_time, refresh_expires_at, expires_at, access_expires_at, ended_at';
  const [row] = await source.query(
    `SELECT ${hash('audit_events')}, (SELECT md5(string_agg(s::text, '' ORDER BY id))
       FROM (SELECT ${columns} FROM sessions) s) AS sessions, (SELECT count(*) FROM users) AS users`,
  );
  return row;
}

const formerInsert = `
  INSERT INTO audit_events (id, occurred_at, type, result, user_id, actor, session_id, ip, user_agent, request_id, details)
  VALUES ($1, now() - interval '500 days', 'logout', 'ok', NULL, 'user', NULL, NULL, NULL, NULL, NULL)`;
const formerDelete = `
  DELETE FROM audit_events WHERE id IN (
    SELECT id FROM audit_events WHERE id < $1::uuid AND occurred_at < now() - interval '480 days'
    LIMIT 1000 FOR UPDATE SKIP LOCKED)`;

test('migrates a database of the previous release with 100,000 events up, down and up, and keeps every row', async () => {
  const reverted = await backToFormerRelease();
  expect(reverted.length).toBeGreaterThan(0);
  const tokens = await fill();
  const before = await snapshot();
  expect(before).toMatchObject({ audit_events_count: String(EVENTS) });
  expect(await migrate(source)).toEqual([...reverted].reverse());
  expect(await snapshot()).toEqual(before);
  expect(await backToFormerRelease()).toEqual(reverted);
  expect(await snapshot()).toEqual(before);
  await migrate(source);
  expect(await snapshot()).toEqual(before);

  // The previous release keeps running beside this one until it is stopped.
  await source.query(formerInsert, ['00000000-0000-7000-8000-000000000001']);
  const [, deleted] = await source.query(formerDelete, ['00000000-0000-7000-8000-000000000002']);
  expect(deleted).toBe(1);
  expect(await snapshot()).toEqual(before);
  await close();

  // All users are still logged in.
  const { client } = await ServerProcess.start(test_.env);
  for (const [n, token] of tokens.entries()) {
    const { status, body } = await client.refresh(token);
    expect([n, status]).toEqual([n, 200]);
    const me = await client.get<{ username: string }>('/users/me', { token: body.access_token });
    expect([me.status, me.body.username]).toEqual([200, `user-${n}`]);
  }
}, 300_000);
