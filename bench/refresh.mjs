// Refreshes and logouts per second on PostgreSQL against bare node:http servers that run the one statement that each
// needs; the response time of a lone refresh and of 64 at once; how many refreshes share a statement; a route protected
// by a cookie against the same one protected by a token. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/refresh.mjs
//
// ROUNDS and SECONDS may be set. Every server runs on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Secret } from '../build/src/config/secret.js';
import { RefreshTokenCodec } from '../build/src/sessions/refresh-token.js';
import {
  CREDENTIALS,
  call,
  freePort,
  percentile,
  pin,
  ROUNDS,
  registerAndLogIn,
  requestBytes,
  rounds,
  row,
  SECONDS,
  SECRET,
  startProcess,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

/** More logouts per second than either server reaches. */
const LOGOUT_RATE = 15_000;
const codec = new RefreshTokenCodec(Secret.parse(SECRET).derive('refresh-token'));
const postBytes = (path, body) => requestBytes('POST', path, {}, JSON.stringify(body));
pin();

await withDatabase(async (databaseUrl) => {
  const server = await startServer(databaseUrl);
  const { byToken, byCookie } = await logIn(server.port);
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const sessions = await makeSessions(database, (ROUNDS + 1) * SECONDS * LOGOUT_RATE);
  const [bareRefresh, bareRevoke] = await Promise.all(['refresh', 'revoke'].map((kind) => bare(kind, databaseUrl)));
  const bareIds = sessions.slice(0, 1000);
  const lineages = sessions.splice(0, 64).map((id) => codec.encode({ sessionId: id, generation: 1 }));
  const logouts = sessions.map((id) =>
    postBytes('/auth/logout', { refresh_token: codec.encode({ sessionId: id, generation: 1 }) }),
  );
  const bareBodies = bareIds.map((id) => postBytes('/', { id }));
  let turn = 0;
  const nextBare = () => bareBodies[turn++ % bareBodies.length];
  const refresh = (index, text) => {
    lineages[index] = /"refresh_token":"([^"]+)"/.exec(text)?.[1] ?? lineages[index];
    return postBytes('/auth/refresh', { refresh_token: lineages[index] });
  };
  const lone = { bare: [], portero: [] };
  const many = { bare: [], portero: [] };
  const perStatement = [];
  const timed = async (list, percent, port, next, connections) => {
    const times = [];
    const rate = await throughput(port, next, { connections, times });
    list.push(percentile(times, percent));
    return rate;
  };
  const results = await rounds(ROUNDS, {
    bareLone: () => timed(lone.bare, 50, bareRefresh.port, nextBare, 1),
    lone: () => timed(lone.portero, 50, server.port, refresh, 1),
    bareRefresh16: () => throughput(bareRefresh.port, nextBare, { connections: 16 }),
    refresh16: () => throughput(server.port, refresh, { connections: 16 }),
    bareRefresh64: () => timed(many.bare, 99, bareRefresh.port, nextBare, 64),
    refresh64: async () => {
      const before = await commits(database);
      const rate = await timed(many.portero, 99, server.port, refresh, 64);
      perStatement.push((rate * SECONDS) / ((await commits(database)) - before));
      return rate;
    },
    bareRevoke: () => throughput(bareRevoke.port, nextBare, { connections: 16 }),
    logout: () => throughput(server.port, () => logouts.pop(), { connections: 16, expect: 'HTTP/1.1 204' }),
    byToken: () => throughput(server.port, () => byToken),
    byCookie: () => throughput(server.port, () => byCookie),
  });
  const { refresh16, refresh64, logout } = results;
  row({ name: 'refresh, 16 at once', unit: '/s', values: refresh16, limits: results.bareRefresh16, goal: '1.0' });
  row({ name: 'refresh, 64 at once', unit: '/s', values: refresh64, limits: results.bareRefresh64, goal: '1.0' });
  row({ name: 'refresh, 64 at once, p99', unit: 'ms', values: many.portero, limits: many.bare });
  row({ name: 'refreshes per commit, 64 at once', unit: '', values: perStatement });
  row({ name: 'one refresh at a time, p50', unit: 'ms', values: lone.portero, limits: lone.bare });
  row({ name: 'logout, 16 at once', unit: '/s', values: logout, limits: results.bareRevoke, goal: '1.0' });
  row({ name: 'protected by a cookie / by a token', unit: '/s', values: results.byCookie, limits: results.byToken });
  await database.end();
  for (const one of [server, bareRefresh, bareRevoke]) await one.stop();
});

/** Two requests for the protected route. Before many sessions are added, because a login ends those over the limit. */
async function logIn(port) {
  const token = await registerAndLogIn(port);
  const { headers } = await call(port, 'POST', '/login', { body: { ...CREDENTIALS, transport: 'cookie' } });
  const cookie = headers['set-cookie'][0].split(';')[0];
  return {
    byToken: requestBytes('GET', '/protected', { Authorization: `Bearer ${token}` }),
    byCookie: requestBytes('GET', '/protected', { Cookie: cookie }),
  };
}

function bare(kind, databaseUrl) {
  const port = freePort();
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
  return startProcess(['bench/limits-of-node.mjs', kind, String(port)], port, '0', env);
}

/** Transactions that the database has committed so far, including the few of the change feed. */
async function commits(database) {
  // The statistics of a session are reported when it is idle, at most once a second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { rows } = await database.query('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()');
  return Number(rows[0].xact_commit);
}

/** Active sessions of one user, in the table of Portero and in that of the bare servers. */
async function makeSessions(database, count) {
  const ids = Array.from({ length: count }, () => randomUUID());
  const { rows } = await database.query('SELECT id FROM users');
  await database.query(
    `INSERT INTO sessions (id, user_id, transport, generation, auth_time, amr, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
     SELECT id, $2, 'bearer', 1, now(), '{pwd}', now(), now() + interval '14 d', now() + interval '30 d', now() + interval '5 min'
       FROM unnest($1::uuid[]) AS new (id)`,
    [ids, rows[0].id],
  );
  await database.query(
    'CREATE TABLE bare_sessions (id uuid PRIMARY KEY, user_id uuid, generation integer, rotated_at timestamptz, ended_at timestamptz) WITH (fillfactor = 80)',
  );
  await database.query('INSERT INTO bare_sessions SELECT id, user_id, 1 FROM sessions');
  await database.query('VACUUM ANALYZE');
  return ids;
}
