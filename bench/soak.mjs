// Fifteen minutes at full load: refreshes, a protected route, and logins followed by logouts, all at once. Every minute it
// prints memory, open descriptors, connections to PostgreSQL and requests per second; at the end, how the sessions and their
// indexes have grown. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/soak.mjs
//
// MINUTES may be set. The server runs on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { readdirSync } from 'node:fs';
import pg from 'pg';
import {
  CREDENTIALS,
  memoryMiB,
  pin,
  post,
  registerAndLogIn,
  requestBytes,
  row,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

const MINUTES = Number(process.env.MINUTES ?? 15);
const SESSIONS = 32;
const postBytes = (path, body) => requestBytes('POST', path, {}, JSON.stringify(body));
const loginBytes = postBytes('/login', CREDENTIALS);
pin();

await withDatabase(async (databaseUrl) => {
  const server = await startServer(databaseUrl, '0', { BCRYPT_COST: '10', MAX_SESSIONS_PER_USER: '10000' });
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  // If something fails, dropping the database ends this connection; the failure itself must be seen.
  database.on('error', () => {});
  await registerAndLogIn(server.port);
  const lineages = [];
  for (let index = 0; index < SESSIONS; index++) {
    lineages.push((await post(server.port, '/login', CREDENTIALS)).refresh_token);
  }
  const before = await sizes(database);
  const minutes = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const rates = await oneMinute(server.port, lineages);
    minutes.push({ ...rates, ...(await resources(server.child, database)) });
    console.log(minute, JSON.stringify(minutes.at(-1)));
  }
  report(minutes);
  const after = await sizes(database);
  console.log(JSON.stringify({ before, after }, null, 1));
  await database.end();
  await server.stop();
});

/** Requests per second of each kind. */
async function oneMinute(port, lineages) {
  const seconds = 60;
  // A new access token each minute: they expire within the run.
  const { access_token: token } = await post(port, '/login', CREDENTIALS);
  const protectedBytes = requestBytes('GET', '/protected', { Authorization: `Bearer ${token}` });
  const refresh = (index, text) => {
    lineages[index] = /"refresh_token":"([^"]+)"/.exec(text)?.[1] ?? lineages[index];
    return postBytes('/auth/refresh', { refresh_token: lineages[index] });
  };
  // A login, and the logout of its session, in turn.
  const comeAndGo = (_, text) => {
    const [, issued] = /"refresh_token":"([^"]+)"/.exec(text) ?? [];
    return issued ? postBytes('/auth/logout', { refresh_token: issued }) : loginBytes;
  };
  const [refreshes, reads, logins] = await Promise.all([
    throughput(port, refresh, { connections: SESSIONS, seconds }),
    throughput(port, () => protectedBytes, { connections: 16, seconds }),
    throughput(port, comeAndGo, { connections: 4, seconds, expect: 'HTTP/1.1 20' }),
  ]);
  return { refreshes, reads, logins };
}

async function resources(child, database) {
  const { rows } = await database.query(
    "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'portero%'",
  );
  return {
    memory: memoryMiB(child),
    peak: memoryMiB(child, 'VmHWM'),
    descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
    connections: Number(rows[0].n),
  };
}

/** Bytes of the sessions and of each index, and how many updates changed no index (HOT). */
async function sizes(database) {
  const { rows } = await database.query(
    `SELECT relname, pg_relation_size(oid) AS bytes FROM pg_class
      WHERE oid = 'sessions'::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'sessions'::regclass)`,
  );
  const { rows: updates } = await database.query(
    "SELECT n_tup_upd AS updates, n_tup_hot_upd AS hot, autovacuum_count FROM pg_stat_user_tables WHERE relname = 'sessions'",
  );
  return { ...Object.fromEntries(rows.map(({ relname, bytes }) => [relname, Number(bytes)])), ...updates[0] };
}

function report(minutes) {
  const all = (key) => minutes.map((minute) => minute[key]);
  for (const [name, key, unit] of [
    ['refreshes', 'refreshes', '/s'],
    ['protected route', 'reads', '/s'],
    ['logins and logouts', 'logins', '/s'],
    ['memory after each minute', 'memory', 'MiB'],
    ['open descriptors', 'descriptors', ''],
    ['connections to PostgreSQL', 'connections', ''],
  ]) {
    row({ name: `soak: ${name}`, unit, values: all(key) });
  }
}
