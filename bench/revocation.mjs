// Time from a logout on one process to a 401 on another, and memory for revocations. Needs a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/revocation.mjs
//
// LOGOUTS (1,000), QUIET_LOGOUTS (those without LISTEN, 1,000), SESSIONS (1,000,000) and REVOCATIONS (100,000) may be set.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

const LOGOUTS = Number(process.env.LOGOUTS ?? 1000);
const QUIET_LOGOUTS = Number(process.env.QUIET_LOGOUTS ?? 1000);
const SESSIONS = Number(process.env.SESSIONS ?? 1_000_000);
const REVOCATIONS = Number(process.env.REVOCATIONS ?? 100_000);
/** Concurrent logouts, because without LISTEN each takes half a second on average. */
const LANES = 10;
const CREDENTIALS = { username: 'bench', password: 'a long and uncommon passphrase' };
const SECRET = Buffer.alloc(32, 5);
const agent = new Agent({ keepAlive: true });

const database = `portero_bench_${process.pid}`;
const url = new URL(process.env.DATABASE_URL);
await administer(`CREATE DATABASE ${database}`);
url.pathname = database;
try {
  await heard();
  await remembered();
} finally {
  await administer(`DROP DATABASE ${database} WITH (FORCE)`);
  agent.destroy();
}

async function heard() {
  const proxy = await deafeningProxy();
  const [first, listening, deaf] = [await start(url.href), await start(url.href), await start(proxy.url)];
  await call(first.port, 'POST', '/register', { body: CREDENTIALS });
  await report('with LISTEN, one at a time', first, listening, LOGOUTS, 1);
  await report('with LISTEN, 10 at a time', first, listening, LOGOUTS, LANES);
  await report('without LISTEN, 10 at a time', first, deaf, QUIET_LOGOUTS, LANES);
  await Promise.all([first, listening, deaf].map(stop));
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
  const [p50, p99, max] = [50, 99, 100].map((percent) => percentile(times, percent).toFixed(1));
  console.log(`${name}, ${count} logouts: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`);
}

/** Time from the arrival of the 204 to that of the first 401. */
async function oneLogout(from, to) {
  const { body } = await call(from.port, 'POST', '/login', { body: CREDENTIALS });
  const token = JSON.parse(body).access_token;
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
async function remembered() {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  client.on('error', () => {});
  const empty = await start(url.href);
  const { body } = await call(empty.port, 'POST', '/login', { body: CREDENTIALS });
  const token = JSON.parse(body).access_token;
  const emptyMiB = await restingMiB(empty);
  await client.query(
    `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
     SELECT gen_random_uuid(), u.id, 'bearer', 1, now(), now(), now() + '14 days', now() + '30 days', now() + '5 minutes'
       FROM users u, generate_series(1, ${SESSIONS}) WHERE u.username = 'bench'`,
  );
  console.log(`RSS with ${SESSIONS} more live sessions: ${emptyMiB} MiB before, ${await restingMiB(empty)} MiB after`);
  await client.query(
    `INSERT INTO revocations (session_id, expires_at) SELECT gen_random_uuid(), now() + '1 hour' FROM generate_series(1, ${REVOCATIONS})`,
  );
  await sleep(3000);
  console.log(`RSS with ${REVOCATIONS} revocations heard: ${await restingMiB(empty)} MiB`);
  const { status } = await call(empty.port, 'GET', '/protected', { token });
  if (status !== 200) throw new Error(`the protected route answered ${status}`);
  await stop(empty);
  const began = performance.now();
  const full = await start(url.href);
  console.log(`a start that reads them: ${(performance.now() - began).toFixed(0)} ms, ${await restingMiB(full)} MiB`);
  await stop(full);
  const { rows } = await client.query('SELECT session_id FROM revocations');
  await client.end();
  lookups(rows.map((row) => row.session_id));
}

/** Time of `Revocations.has`, for present and absent ids. */
function lookups(ids) {
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
  console.log(`one look-up among ${until.size} revocations: ${best.toFixed(0)} ns`);
}

async function restingMiB({ child }) {
  await sleep(4000);
  const [, kB] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  return Math.round(Number(kB) / 1024);
}

/** Stands before PostgreSQL like a pooler in transaction mode: LISTEN through it receives no notifications. */
async function deafeningProxy() {
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

async function start(databaseUrl) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn('node', ['dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      ENV_FILE: 'none',
      PORT: String(port),
      PUBLIC_URL: 'http://localhost:3000',
      DATABASE_URL: databaseUrl,
      PORTERO_SECRET: SECRET.toString('base64url'),
      BCRYPT_COST: '4',
      RATE_LIMIT: 'off',
      MAX_SESSIONS_PER_USER: '10000',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const ready = await call(port, 'GET', '/health/ready', {}).catch(() => undefined);
    if (ready?.status === 200) return { child, port };
    if (child.exitCode !== null) throw new Error('the server has ended');
    await sleep(20);
  }
}

async function stop({ child }) {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function call(port, method, path, { body, token }) {
  const headers = {
    ...(body ? { 'Content-Type': 'application/json' } : {}),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

async function administer(statement) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(statement);
  await client.end();
}
