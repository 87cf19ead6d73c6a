// Refreshes and logouts per second on PostgreSQL against bare node:http servers that run the one statement that each
// needs; and a route protected by a cookie against the same one protected by a token. Needs Linux (taskset), two CPUs
// and a PostgreSQL server, which must be limited to CPU 1 during the run (taskset -acp 1 on its processes):
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/refresh.mjs
//
// ROUNDS and SECONDS may be set. Every server runs on CPU 0; this load generator runs on CPU 1.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Secret } from '../build/src/config/secret.js';
import { RefreshTokenCodec } from '../build/src/sessions/refresh-token.js';
import {
  freePort,
  ratio,
  report,
  requestBytes,
  rounds,
  SECRET,
  startProcess,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
const CONNECTIONS = 16;
const CREDENTIALS = { username: 'bench', password: 'a long and uncommon passphrase' };
const codec = new RefreshTokenCodec(Secret.parse(SECRET).derive('refresh-token'));
execFileSync('taskset', ['-acp', '1', String(process.pid)]);

await withDatabase(async (databaseUrl) => {
  const server = await startServer(databaseUrl);
  const call = (path, body) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  await call('/register', CREDENTIALS);
  // Before the many sessions below are added, because a login ends sessions over the limit.
  const { access_token } = await (await call('/login', CREDENTIALS)).json();
  const login = await call('/login', { ...CREDENTIALS, transport: 'cookie' });
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  await database.query(
    'CREATE TABLE bare_sessions (id uuid PRIMARY KEY, user_id uuid, generation integer, rotated_at timestamptz, ended_at timestamptz) WITH (fillfactor = 80)',
  );
  const sessions = await makeSessions(database, ROUNDS * SECONDS * 6000);
  const [bareRefresh, bareRevoke] = await Promise.all(
    ['refresh', 'revoke'].map((kind) => {
      const port = freePort();
      const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
      return startProcess(['bench/limits-of-node.mjs', kind, String(port)], port, '0', env);
    }),
  );
  const options = { seconds: SECONDS, connections: CONNECTIONS };
  const post = (path, body) => requestBytes('POST', path, {}, JSON.stringify(body));
  const lineages = sessions.splice(0, CONNECTIONS).map((id) => codec.encode({ sessionId: id, generation: 1 }));
  const bareIds = sessions.slice(0, CONNECTIONS);
  const cookie = login.headers.get('set-cookie').split(';')[0];
  const byToken = requestBytes('GET', '/protected', { Authorization: `Bearer ${access_token}` });
  const byCookie = requestBytes('GET', '/protected', { Cookie: cookie });
  const nothing = { ...options, expect: 'HTTP/1.1 204' };
  const measurements = {
    'node:http, UPDATE … RETURNING and HS256': () =>
      throughput(bareRefresh.port, (index) => post('/', { id: bareIds[index] }), options),
    'Portero, refresh': () =>
      throughput(
        server.port,
        (index, text) => {
          lineages[index] = /"refresh_token":"([^"]+)"/.exec(text)?.[1] ?? lineages[index];
          return post('/auth/refresh', { refresh_token: lineages[index] });
        },
        options,
      ),
    'node:http, UPDATE': () => throughput(bareRevoke.port, () => post('/', { id: sessions.pop() }), options),
    'Portero, logout': () =>
      throughput(
        server.port,
        () => post('/auth/logout', { refresh_token: codec.encode({ sessionId: sessions.pop(), generation: 1 }) }),
        nothing,
      ),
    'Portero, protected by a token': () => throughput(server.port, () => byToken, options),
    'Portero, protected by a cookie': () => throughput(server.port, () => byCookie, options),
  };
  await rounds(1, measurements);
  const results = await rounds(ROUNDS, measurements);
  report(results);
  ratio(results, 'Portero, refresh', 'node:http, UPDATE … RETURNING and HS256');
  ratio(results, 'Portero, logout', 'node:http, UPDATE');
  ratio(results, 'Portero, protected by a cookie', 'Portero, protected by a token');
  await database.end();
  for (const one of [server, bareRefresh, bareRevoke]) await one.stop();
});

/** Active sessions of one user, in both tables. */
async function makeSessions(database, count) {
  const ids = Array.from({ length: count }, () => randomUUID());
  const { rows } = await database.query('SELECT id FROM users');
  await database.query(
    `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
     SELECT id, $2, 'bearer', 1, now(), now(), now() + interval '14 d', now() + interval '30 d', now() + interval '5 min'
       FROM unnest($1::uuid[]) AS new (id)`,
    [ids, rows[0].id],
  );
  await database.query('INSERT INTO bare_sessions SELECT id, $2, 1, NULL, NULL FROM unnest($1::uuid[]) AS new (id)', [
    ids,
    rows[0].id,
  ]);
  await database.query('ANALYZE');
  return ids;
}
