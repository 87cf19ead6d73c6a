// Logins per second against bare bcrypt on the same cores, and tail latency of a protected route while logins saturate
// the server. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/login.mjs
//
// COST, SECONDS, ROUNDS and SETTINGS (how many of the three) may be set. PostgreSQL should run on CPU 1 as well.
// The server (or bare bcrypt) runs on CPU 0, or on CPUs 0 and 1 in the second half; this load generator runs on CPU 1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import pg from 'pg';

const COST = Number(process.env.COST ?? 10);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.SECONDS ?? 10);
const WARM_UP_SECONDS = 5;
const CONNECTIONS = 16;
const PROTECTED_RATE = 200;
const CREDENTIALS = { username: 'bench', password: 'a long and uncommon passphrase' };

if (process.argv[2] === 'bare') await bareBcrypt(Number(process.argv[3]));
else await main();

/** Comparisons per second of this process, with the given concurrency. */
async function bareBcrypt(concurrency) {
  const hash = await bcrypt.hash('x'.repeat(64), COST);
  const began = performance.now();
  const end = began + SECONDS * 1000;
  let done = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await bcrypt.compare('x'.repeat(64), hash);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  console.log(done / ((performance.now() - began) / 1000));
}

async function main() {
  const database = `portero_bench_${process.pid}`;
  await administer(`CREATE DATABASE ${database}`);
  try {
    const settings = [
      { cpus: '0', concurrency: 1 },
      { cpus: '0,1', concurrency: 1 },
      { cpus: '0,1', concurrency: 2 },
    ];
    for (const { cpus, concurrency } of settings.slice(0, Number(process.env.SETTINGS ?? 3))) {
      const rows = [];
      for (let round = 0; round < ROUNDS; round++) rows.push(await measure(database, cpus, concurrency));
      const median = (name) => rows.map((row) => row[name]).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
      console.log(
        `\nserver on CPU ${cpus}, HASH_CONCURRENCY=${concurrency}, bcrypt cost ${COST}, ${ROUNDS} rounds of ${SECONDS} s`,
      );
      for (const name of Object.keys(rows[0])) {
        console.log(
          `  ${name}: median ${median(name).toFixed(2)} (${rows.map((row) => row[name].toFixed(2)).join(', ')})`,
        );
      }
    }
  } finally {
    await administer(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

async function measure(database, cpus, concurrency) {
  const bare = await runBare(cpus, concurrency);
  const server = await startServer(database, cpus, concurrency);
  try {
    await post(server.port, '/register', CREDENTIALS);
    const { access_token } = JSON.parse((await post(server.port, '/login', CREDENTIALS)).body);
    const quiet = await protectedRoute(server.port, access_token);
    const warmUp = saturate(server.port);
    await sleep(WARM_UP_SECONDS * 1000);
    await warmUp.stop();
    const alone = saturate(server.port);
    await sleep(SECONDS * 1000);
    const rate = await alone.stop();
    const beside = saturate(server.port);
    await sleep(500);
    const busy = await protectedRoute(server.port, access_token);
    const rateBeside = await beside.stop();
    return {
      'bare bcrypt/s': bare,
      'logins/s': rate,
      ratio: rate / bare,
      'logins/s beside 200 protected requests/s': rateBeside,
      'protected p99 quiet, ms': percentile(quiet, 99),
      'protected p50 while logins run, ms': percentile(busy, 50),
      'protected p99 while logins run, ms': percentile(busy, 99),
      'protected max while logins run, ms': percentile(busy, 100),
    };
  } finally {
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
  }
}

async function runBare(cpus, concurrency) {
  const child = spawn('taskset', ['-c', cpus, 'node', 'bench/login.mjs', 'bare', String(concurrency)]);
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return Number(text);
}

async function startServer(database, cpus, concurrency) {
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = database;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn('taskset', ['-c', cpus, 'node', 'dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      ENV_FILE: 'none',
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${port}`,
      DATABASE_URL: url.href,
      PORTERO_SECRET: Buffer.alloc(32, 5).toString('base64url'),
      BCRYPT_COST: String(COST),
      HASH_CONCURRENCY: String(concurrency),
      LOG_LEVEL: 'warn',
      RATE_LIMIT: 'off',
      // The session of the protected route must outlive the others.
      MAX_SESSIONS_PER_USER: '10000',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const ready = await get(port, '/health/ready').catch(() => undefined);
    if (ready?.status === 200) return { child, port };
    await sleep(50);
  }
}

/** 16 connections that log in one after the other, until they are stopped. */
function saturate(port) {
  // From the first response to the last, without the hashes in progress at either end.
  const times = [];
  let stopped = false;
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const worker = async () => {
    while (!stopped) {
      const { status } = await post(port, '/login', CREDENTIALS, agent);
      if (status !== 200) throw new Error(`login answered ${status}`);
      if (!stopped) times.push(performance.now());
    }
  };
  const workers = Array.from({ length: CONNECTIONS }, worker);
  return {
    async stop() {
      stopped = true;
      const rate = (times.length - 1) / ((times.at(-1) - times[0]) / 1000);
      await Promise.all(workers);
      agent.destroy();
      return rate;
    },
  };
}

/** Latencies at a fixed rate, from when each request was due, so that a stall counts for every request it delays. */
async function protectedRoute(port, token) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const latencies = [];
  const all = [];
  const began = performance.now();
  for (let index = 0; index < PROTECTED_RATE * SECONDS; index++) {
    const due = began + (index * 1000) / PROTECTED_RATE;
    if (due > performance.now()) await sleep(due - performance.now());
    all.push(
      get(port, '/protected', { Authorization: `Bearer ${token}` }, agent).then(({ status }) => {
        if (status !== 200) throw new Error(`the protected route answered ${status}`);
        latencies.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(all);
  agent.destroy();
  return latencies;
}

function get(port, path, headers = {}, agent = undefined) {
  return call(port, 'GET', path, headers, undefined, agent);
}

function post(port, path, body, agent = undefined) {
  return call(port, 'POST', path, { 'Content-Type': 'application/json' }, JSON.stringify(body), agent);
}

function call(port, method, path, headers, body, agent) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
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
