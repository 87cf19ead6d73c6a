// Time from a logout on one process to a 401 on another, and memory for revocations. Needs a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/revocation.mjs
//
// LOGOUTS (1,000), QUIET_LOGOUTS (those without LISTEN, 1,000), SESSIONS (1,000,000) and REVOCATIONS (100,000) may be set.
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import {
  CREDENTIALS,
  call as callWith,
  memoryMiB,
  percentile,
  registerAndLogIn,
  row,
  startServer,
  withDatabase,
} from './harness.mjs';

const LOGOUTS = Number(process.env.LOGOUTS ?? 1000);
const QUIET_LOGOUTS = Number(process.env.QUIET_LOGOUTS ?? 1000);
const SESSIONS = Number(process.env.SESSIONS ?? 1_000_000);
const REVOCATIONS = Number(process.env.REVOCATIONS ?? 100_000);
/** Concurrent logouts, because without LISTEN each takes half a second on average. */
const LANES = 10;
const agent = new Agent({ keepAlive: true });

await withDatabase(async (databaseUrl) => {
  await measureDelays(databaseUrl);
  await measureMemory(databaseUrl);
});
agent.destroy();

function start(databaseUrl) {
  return startServer(databaseUrl, '0,1', { MAX_SESSIONS_PER_USER: '10000' });
}

function call(port, method, path, { body, token } = {}) {
  return callWith(port, method, path, { headers: token ? { Authorization: `Bearer ${token}` } : {}, body, agent });
}

async function measureDelays(databaseUrl) {
  const proxy = await startProxyWithoutListen(new URL(databaseUrl));
  const [first, listening, polling] = [await start(databaseUrl), await start(databaseUrl), await start(proxy.url)];
  await registerAndLogIn(first.port);
  await report('with LISTEN, one at a time', first, listening, LOGOUTS, 1);
  await report('with LISTEN, 10 at a time', first, listening, LOGOUTS, LANES);
  await report('without LISTEN, 10 at a time', first, polling, QUIET_LOGOUTS, LANES);
  await Promise.all([first, listening, polling].map((server) => server.stop()));
  proxy.server.close();
}

async function report(name, from, to, count, lanes) {
  const times = [];
  let next = 0;
  const lane = async (index) => {
    // Not synchronized with polling, or each would wait equally long.
    await sleep(index * 97);
    while (next++ < count) times.push(await oneLogout(from, to));
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  for (const [label, percent] of [
    ['p50', 50],
    ['p99', 99],
    ['max', 100],
  ]) {
    row({ name: `logout until 401 elsewhere, ${name}, ${label}`, unit: 'ms', values: [percentile(times, percent)] });
  }
}

/** Time from the arrival of the 204 to that of the first 401. */
async function oneLogout(from, to) {
  const { text } = await call(from.port, 'POST', '/login', { body: CREDENTIALS });
  const token = JSON.parse(text).access_token;
  const before = await call(to.port, 'GET', '/protected', { token });
  if (before.status !== 200) throw new Error(`the protected route answered ${before.status}`);
  await sleep(Math.random() * 20);
  const { status } = await call(from.port, 'POST', '/logout', { token });
  if (status !== 204) throw new Error(`logout answered ${status}`);
  const began = performance.now();
  for (;;) {
    const answer = await call(to.port, 'GET', '/protected', { token });
    if (answer.status === 401) return performance.now() - began;
    await sleep(1);
  }
}

/** Memory of an instance before and after it has read many revocations, with many active sessions. */
async function measureMemory(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  client.on('error', () => {});
  const server = await start(databaseUrl);
  const token = await registerAndLogIn(server.port);
  const print = (name, unit, value) => row({ name, unit, values: [value] });
  print('idle memory, few sessions', 'MiB', await restingMiB(server));
  await client.query(
    `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
     SELECT gen_random_uuid(), u.id, 'bearer', 1, now(), now(), now() + '14 days', now() + '30 days', now() + '5 minutes'
       FROM users u, generate_series(1, ${SESSIONS}) WHERE u.username = 'bench'`,
  );
  print(`idle memory, ${SESSIONS} sessions`, 'MiB', await restingMiB(server));
  await client.query(
    `INSERT INTO revocations (session_id, expires_at) SELECT gen_random_uuid(), now() + '1 hour' FROM generate_series(1, ${REVOCATIONS})`,
  );
  await sleep(3000);
  print(`idle memory, and ${REVOCATIONS} revocations`, 'MiB', await restingMiB(server));
  const { status } = await call(server.port, 'GET', '/protected', { token });
  if (status !== 200) throw new Error(`the protected route answered ${status}`);
  await server.stop();
  const began = performance.now();
  const restarted = await start(databaseUrl);
  print('start that reads them', 'ms', performance.now() - began);
  print('idle memory after it', 'MiB', await restingMiB(restarted));
  await restarted.stop();
  const { rows } = await client.query('SELECT session_id FROM revocations');
  await client.end();
  print(`look-up among ${rows.length} revocations`, 'ns', nsPerLookUp(rows.map((one) => one.session_id)));
}

/** Time of a look-up of an absent id in a map of as many revocations, as in `Revocations.has`. */
function nsPerLookUp(ids) {
  const until = new Map(ids.map((id) => [id, Date.now()]));
  // New strings that were never keys of this map, like those of a token just parsed.
  const others = Array.from({ length: 100_000 }, () => Buffer.from(uuidv7()).toString());
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const fresh = others.map((id) => Buffer.from(id).toString());
    let found = 0;
    const began = process.hrtime.bigint();
    for (const id of fresh) if (until.has(id)) found += 1;
    best = Math.min(best, Number(process.hrtime.bigint() - began) / fresh.length);
    if (found > 0) throw new Error('an id that is new was found');
  }
  return best;
}

async function restingMiB({ child }) {
  await sleep(4000);
  return memoryMiB(child);
}

/** A proxy that acts like a pooler in transaction mode: LISTEN through it receives no notifications. */
async function startProxyWithoutListen(url) {
  const server = createServer((client) => {
    const upstream = connect(Number(url.port || 5432), url.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      from.on('error', () => {}).once('close', () => to.destroy());
    }
    client.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      upstream.write(text.includes('LISTEN') ? Buffer.from(text.replace('portero', 'nothing'), 'latin1') : chunk);
    });
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.port = String(server.address().port);
  return { server, url: through.href };
}
