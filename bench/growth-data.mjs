// Fills a database with users, live sessions and audit events for bench/growth.mjs. Every batch is committed and noted in the
// table growth_progress, so an interrupted run goes on from there.
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const MONTHS = 12;
const DAY_MS = 86_400_000;
/** Sessions never expire by age, so that a later run finds them live. */
const EXPIRY = `timestamptz '2100-01-01'`;
/** This user has one event in 997; the others share the rest. */
const BUSY_USER = 1;

/** SQL: the UUIDv7 of a moment, its random bits derived from a text. */
const uuidOf = (milliseconds, seed) =>
  `(lpad(to_hex((${milliseconds})::bigint), 12, '0') || '7' || substr(md5(${seed}), 1, 3) || '8' || substr(md5(${seed}), 4, 15))::uuid`;
/** SQL: spreads numbers over 0 … count - 1 in no order. */
const scattered = (number, count) => `(hashint8(${number}) & 2147483647) % ${count}`;
/** SQL: users have registered one by one within the three years before 2026. */
const registeredAt = (n, users) =>
  `1672531200000 + (${n})::bigint * ${Math.max(1, Math.floor((1095 * DAY_MS) / users))}`;
const userId = (n, users) => uuidOf(registeredAt(n, users), `'user ' || (${n})::text`);
const timeOf = (milliseconds) => `to_timestamp((${milliseconds}) / 1000.0)`;

/**
 * Adds live or expired bearer sessions of any users.
 *
 * @param expiry when they expire, from now; SQL
 */
export async function addSessions(client, count, users, expiry) {
  const { rows } = await client.query(
    `INSERT INTO sessions (id, user_id, transport, generation, auth_time, started_at, last_seen_at, refresh_expires_at, expires_at,
                           access_expires_at)
     SELECT gen_random_uuid(), ${userId(`floor(random_value * ${users})::bigint`, users)}, 'bearer', 1, now(), now(), now(),
            now() + ${expiry}, now() + ${expiry}, now() + ${expiry}
       FROM (SELECT random() AS random_value FROM generate_series(1, ${count})) AS numbered RETURNING id`,
  );
  return rows.map(({ id }) => id);
}

/** A connection that fills a database, with low priority if the server runs on this machine. */
export async function fill(databaseUrl, { users, sessions, events, passwordHash, pause = 0.3 }) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  try {
    setPriority(rows[0].pid, 10);
  } catch {
    // On another machine, or of another user.
  }
  await client.query(`SET synchronous_commit = off`);
  await client.query(`SET maintenance_work_mem = '512MB'`);
  await client.query('CREATE TABLE IF NOT EXISTS growth_progress (step text PRIMARY KEY, done bigint NOT NULL)');
  const filling = new Filling(client, pause);
  await filling.users(users, passwordHash);
  await filling.sessions(sessions, users);
  await filling.events(events, users);
  await filling.once('vacuum', 'VACUUM (ANALYZE)');
  await client.end();
}

class Filling {
  #client;
  #pause;

  constructor(client, pause) {
    this.#client = client;
    this.#pause = pause;
  }

  async users(count, passwordHash) {
    await this.once(
      'users without unique keys',
      `ALTER TABLE users DROP CONSTRAINT users_username_key, DROP CONSTRAINT users_email_key`,
    );
    await this.#inBatches('users', count, (from, to) => [
      `INSERT INTO users (id, username, username_key, email, email_key, password_hash, created_at, updated_at, credentials_changed_at)
       SELECT ${userId('n', count)}, name, name, name || '@example.com', name || '@example.com', $1, at, at, at
         FROM (SELECT n, ${timeOf(registeredAt('n', count))} AS at, substr(md5(n::text), 1, 6) || '-' || n AS name
                 FROM generate_series(${from}, ${to - 1}) AS n) AS numbered`,
      [passwordHash],
    ]);
    await this.once('usernames', 'ALTER TABLE users ADD CONSTRAINT users_username_key UNIQUE (username_key)');
    await this.once('email addresses', 'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email_key)');
  }

  async sessions(count, users) {
    const start = Date.now() - 20 * DAY_MS;
    const at = `${start} + n * ${Math.floor((19 * DAY_MS) / count)}`;
    await this.#inBatches('sessions', count, (from, to) => [
      `INSERT INTO sessions (id, user_id, transport, generation, auth_time, started_at, last_seen_at, refresh_expires_at, expires_at,
                             access_expires_at, ip, user_agent)
       SELECT ${uuidOf(at, `'session ' || n::text`)}, ${userId(scattered('n', users), users)}, 'bearer', 1, ${timeOf(at)}, ${timeOf(at)},
              ${timeOf(at)}, ${EXPIRY} + n * interval '1 s', ${EXPIRY} + n * interval '1 s', ${timeOf(`${at} + 300000`)},
              '192.0.2.' || n % 250, 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101'
         FROM generate_series(${from}::bigint, ${to - 1}) AS n`,
      [],
    ]);
  }

  /** Partitions of the past months, each filled and indexed before it is attached. */
  async events(count, users) {
    if ((await this.#done('events')) > 0) return;
    const months = monthsBefore(new Date());
    const now = Date.now();
    const first = months[0].start;
    // What the first start and its user have recorded.
    await this.once('first partition', 'DROP TABLE audit_events_early');
    await this.once(
      'partition of earlier months',
      `CREATE TABLE audit_events_early PARTITION OF audit_events FOR VALUES FROM (MINVALUE) TO ('${firstIdOf(first)}')`,
    );
    for (const { name, start, end } of months) {
      const until = Math.min(end, now);
      const rows = Math.round((count * (until - start)) / (now - first));
      // A server that ran meanwhile has created the partition of the current month.
      await this.once(
        `${name} created`,
        `DROP TABLE IF EXISTS ${name}; CREATE TABLE ${name} (LIKE audit_events INCLUDING CONSTRAINTS)`,
      );
      await this.#inBatches(name, rows, (from, to) => [
        insertEvents(name, start, (until - start) / rows, users, from, to),
        [],
      ]);
      await this.once(`${name} key`, `ALTER TABLE ${name} ADD PRIMARY KEY (id)`);
      await this.once(`${name} by user`, `CREATE INDEX ON ${name} (user_id, id) WHERE user_id IS NOT NULL`);
      await this.once(`${name} by type`, `CREATE INDEX ON ${name} (type, user_id, id) WHERE user_id IS NOT NULL`);
      await this.once(
        `${name} attached`,
        `ALTER TABLE audit_events ATTACH PARTITION ${name} FOR VALUES FROM ('${firstIdOf(start)}') TO ('${firstIdOf(end)}');
         CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON ${name}
           FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`,
      );
      await this.once(`${name} vacuum`, `VACUUM (ANALYZE) ${name}`);
    }
    await this.#note('events', count);
  }

  /** Runs a step unless an earlier run has completed it. */
  async once(step, sql) {
    if ((await this.#done(step)) > 0) return;
    const began = performance.now();
    await this.#client.query(sql);
    await this.#note(step, 1);
    await this.#rest(began, step);
  }

  async #inBatches(step, count, batch) {
    const size = 200_000;
    for (let from = await this.#done(step); from < count; from += size) {
      const began = performance.now();
      const to = Math.min(from + size, count);
      await this.#client.query('BEGIN');
      await this.#client.query(...batch(from, to));
      await this.#note(step, to);
      await this.#client.query('COMMIT');
      await this.#rest(began, `${step}: ${to} of ${count}`);
    }
  }

  async #done(step) {
    const { rows } = await this.#client.query('SELECT done FROM growth_progress WHERE step = $1', [step]);
    return Number(rows[0]?.done ?? 0);
  }

  async #note(step, done) {
    await this.#client.query(
      'INSERT INTO growth_progress VALUES ($1, $2) ON CONFLICT (step) DO UPDATE SET done = EXCLUDED.done',
      [step, done],
    );
  }

  /** Leaves the disk to others for a share of the time that the last statement took. */
  async #rest(began, step) {
    const took = performance.now() - began;
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${step}: ${(took / 1000).toFixed(1)} s\n`);
    await sleep(took * this.#pause);
  }
}

function insertEvents(table, start, step, users, from, to) {
  const at = `${start} + floor(n * ${step})`;
  const user = `CASE WHEN n % 997 = 0 THEN ${BUSY_USER} ELSE ${scattered(`n + ${Math.floor(start / 1000)}`, users)} END`;
  return `
    INSERT INTO ${table} (id, occurred_at, type, result, user_id, actor, session_id, ip, user_agent, request_id)
    SELECT ${uuidOf(at, `'event ' || n::text`)}, ${timeOf(at)}, type, result,
           CASE WHEN type <> 'request.refused' THEN ${userId(user, users)} END, 'user',
           CASE WHEN type <> 'request.refused' THEN ${uuidOf(at, `'session of event ' || n::text`)} END,
           '192.0.2.' || n % 250, CASE WHEN n % 3 = 0 THEN 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101' ELSE 'curl/8.5.0' END,
           ${uuidOf(at, `'request ' || n::text`)}::text
      FROM generate_series(${from}::bigint, ${to - 1}) AS n
     CROSS JOIN LATERAL (SELECT
       CASE WHEN n % 100 < 65 THEN 'login' WHEN n % 100 < 85 THEN 'logout' WHEN n % 100 < 95 THEN 'session.ended'
            WHEN n % 100 < 98 THEN 'registered' ELSE 'request.refused' END AS type,
       CASE WHEN n % 100 < 5 OR n % 100 >= 98 THEN 'refused' ELSE 'ok' END AS result) AS kind`;
}

/** The current month and those before it, in UTC, oldest first. */
function monthsBefore(now) {
  const start = (offset) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset);
  return Array.from({ length: MONTHS }, (_, index) => {
    const offset = index - MONTHS + 1;
    const name = `audit_events_${new Date(start(offset)).toISOString().slice(0, 7).replace('-', '_')}`;
    return { name, start: start(offset), end: start(offset + 1) };
  });
}

function firstIdOf(milliseconds) {
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
