import pg from 'pg';
import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import { LastSeen } from '../../../src/sessions/last-seen.js';
import { Browser } from '../../support/browser.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { TestServer } from '../../support/server.js';

/** MAX_SESSIONS_PER_USER and the cleanup of sessions. Neither they nor last_seen_at make requests wait. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start({ MAX_SESSIONS_PER_USER: '5', SESSION_TTL: '60d', REFRESH_TOKEN_TTL: '60d' });
});
afterAll(() => server.stop());

const name = () => `user-${user}`;
const sql = <Row>(text: string, parameters: unknown[] = []): Promise<Row[]> =>
  server.get(DataSource).query(text, parameters);
const aliveAmong = async (all: Tokens[]) => {
  const answers = all.map(({ access_token }) => server.client.get('/protected', { token: access_token }));
  return (await Promise.all(answers)).map(({ status }) => status === 200);
};
const liveRows = () =>
  sql<{ id: string }>(
    'SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = $1 AND s.ended_at IS NULL',
    [name()],
  );
const signUp = async () => {
  await server.client.post('/register', { body: { username: `user-${++user}`, password: PASSWORD } });
  return await server.client.logIn(name());
};

/** A second connection with an open transaction, as another instance or an operator may have. */
async function inTransaction(statement: string, parameters: unknown[], work: (client: pg.Client) => Promise<void>) {
  const client = new pg.Client({ connectionString: server.database.env.DATABASE_URL as string });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement, parameters);
    await work(client);
  } finally {
    await client.end();
  }
}

test('a login beyond the session limit ends the oldest session, whether it uses tokens or a cookie [ASVS 7.1.2]', async () => {
  const oldest = await signUp();
  const tokens: Tokens[] = [];
  for (let login = 0; login < 3; login++) tokens.push(await server.client.logIn(name()));
  const browser = new Browser(server);
  await browser.logIn(name());
  expect(await aliveAmong([oldest, ...tokens])).toEqual([true, true, true, true]);
  const newest = await server.client.logIn(name());
  expect(await aliveAmong([oldest, ...tokens, newest])).toEqual([false, true, true, true, true]);
  expectProblem(await server.client.refresh(oldest.refresh_token), 401, 'session_revoked');
  expect(await browser.status()).toBe(200);
  const reasons = await sql<{ reason: string }>(
    'SELECT end_reason AS reason FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = $1 AND ended_at IS NOT NULL',
    [name()],
  );
  expect(reasons).toEqual([{ reason: 'too_many_sessions' }]);
});

test('after 20 concurrent logins the user has exactly as many sessions as the limit allows', async () => {
  const before = [await signUp(), await server.client.logIn(name())];
  const all = await Promise.all(Array.from({ length: 20 }, () => server.client.logIn(name())));
  const alive = await aliveAmong(all);
  expect(alive.filter(Boolean)).toHaveLength(5);
  expect(await aliveAmong(before)).toEqual([false, false]);
  const ids = (await liveRows()).map(({ id }) => id);
  const newest = await sql<{ id: string }>(
    `SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = $1
      ORDER BY started_at DESC, s.id DESC LIMIT 5`,
    [name()],
  );
  expect(ids.sort()).toEqual(newest.map(({ id }) => id).sort());
});

test('a changed limit applies at the next login, and does not affect other users', async () => {
  const other = await signUp();
  const all = [await signUp()];
  for (let login = 0; login < 3; login++) all.push(await server.client.logIn(name()));
  await server.restart({ MAX_SESSIONS_PER_USER: '1' });
  expect(await aliveAmong(all)).toEqual([true, true, true, true]);
  const last = await server.client.logIn(name());
  expect(await aliveAmong([...all, last, other])).toEqual([false, false, false, false, true, true]);
  await server.restart({ MAX_SESSIONS_PER_USER: '5' });
});

testOnPostgres('enforces the limit for concurrent logins that do not see each other', async () => {
  await signUp();
  const logins: Promise<Tokens>[] = [];
  await inTransaction('SELECT 1 FROM users WHERE username = $1 FOR UPDATE', [name()], async (client) => {
    for (let login = 0; login < 8; login++) logins.push(server.client.logIn(name()));
    // Wait until all of them wait for the row, each with a snapshot from before the others.
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await sql(waiting)).length < 8) await new Promise((resolve) => setTimeout(resolve, 20));
    await client.query('COMMIT');
  });
  expect((await aliveAmong(await Promise.all(logins))).filter(Boolean)).toHaveLength(5);
});

test('the cleanup deletes only sessions that ended or expired a day ago, in batches', async () => {
  const alive = await signUp();
  const { id: owner } = (await server.client.get<{ id: string }>('/users/me', { token: alive.access_token })).body;
  const add = (count: number, ended: string, expires: string) =>
    sql(
      `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at,
                             expires_at, access_expires_at, ended_at, end_reason)
       SELECT gen_random_uuid(), $1, 'cookie', 1, at, at, ${expires}, ${expires}, at, ${ended},
              CASE WHEN ${ended} IS NOT NULL THEN 'logout' END
         FROM generate_series(1, ${count}), (SELECT now() - interval '90 d' AS at) t`,
      [owner],
    );
  await server.get(Cleanup).run();
  await add(1500, `now() - interval '25 h'`, `now() + interval '1 d'`);
  await add(700, 'NULL', `now() - interval '25 h'`);
  await add(3, `now() - interval '23 h'`, `now() + interval '1 d'`);
  await add(4, 'NULL', `now() - interval '23 h'`);
  await add(5, 'NULL', `now() + interval '1 d'`);
  expect(await server.get(Cleanup).run()).toBe(2200);
  const [{ n }] = (await sql('SELECT count(*)::int AS n FROM sessions WHERE user_id = $1', [owner])) as [{ n: number }];
  expect(n).toBe(1 + 3 + 4 + 5);
  expect(await aliveAmong([alive])).toEqual([true]);
  expect(await server.get(Cleanup).run()).toBe(0);
});

testOnPostgres('only one instance cleans up at a time', async () => {
  await signUp();
  await sql(`UPDATE sessions SET ended_at = now() - interval '2 d', end_reason = 'logout'`);
  await inTransaction('SELECT pg_advisory_xact_lock(1953063033)', [], async (client) => {
    expect(await server.get(Cleanup).run()).toBe(0);
    await client.query('COMMIT');
  });
  expect(await server.get(Cleanup).run()).toBeGreaterThan(0);
});

testOnPostgres('neither the cleanup nor last_seen_at waits for a row or delays a login', async () => {
  const over = await signUp();
  await server.client.post('/logout', { token: over.access_token });
  await sql(`UPDATE sessions SET ended_at = now() - interval '2 d' WHERE ended_at IS NOT NULL`);
  const live = await server.client.logIn(name());
  const seen = await server.client.logIn(name());
  expect(await aliveAmong([live, seen])).toEqual([true, true]);
  const [held] = (await sql(
    'SELECT sid FROM (SELECT max(id::text) AS sid FROM sessions WHERE ended_at IS NULL) t',
  )) as [{ sid: string }];
  const rows = 'SELECT 1 FROM sessions WHERE id = $1 OR ended_at IS NOT NULL FOR UPDATE';
  await inTransaction(rows, [held.sid], async (client) => {
    server.clock.advance(60_000);
    expect(await aliveAmong([live, seen])).toEqual([true, true]);
    expect(await server.get(Cleanup).run()).toBe(0);
    await server.get(LastSeen).write();
    expect((await aliveAmong([await server.client.logIn(name())])).every(Boolean)).toBe(true);
    await client.query('ROLLBACK');
  });
  // Rows that were locked are written and deleted the next time.
  await server.get(LastSeen).write();
  const [{ late }] = (await sql(
    `SELECT count(*)::int AS late FROM sessions s JOIN users u ON u.id = s.user_id
      WHERE u.username = $1 AND s.ended_at IS NULL AND s.last_seen_at < $2`,
    [name(), new Date(server.clock.now() - 30_000)],
  )) as [{ late: number }];
  expect(late).toBe(0);
  expect(await server.get(Cleanup).run()).toBeGreaterThan(0);
});
