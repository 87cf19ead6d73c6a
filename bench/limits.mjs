// Cost of rate limits: protected requests, refreshes and logins per second with RATE_LIMIT=on and off, alternating.
// Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres taskset -c 1 node bench/limits.mjs
//
// SECONDS, ROUNDS, COST and REDIS_URL may be set. The servers run on CPU 0; this load generator and PostgreSQL run on
// CPU 1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
const COST = Number(process.env.COST ?? 12);
const CONNECTIONS = 16;
const CREDENTIALS = { username: 'bench', password: 'a long and uncommon passphrase' };
const UNBOUNDED = { LIMIT_REQUESTS: '999999999/1d', LIMIT_LOGINS: '999999999/1d', LIMIT_REFRESHES: '999999999/1d' };

const database = `portero_bench_${process.pid}`;
await administer(`CREATE DATABASE ${database}`);
const servers = {};
try {
  for (const limits of ['off', 'on']) servers[limits] = await startServer(limits);
  const { port } = servers.off;
  await call(port, 'POST', '/register', {}, CREDENTIALS);
  const { access_token } = JSON.parse((await call(port, 'POST', '/login', {}, CREDENTIALS)).body);
  const routes = {
    'protected route': {
      method: 'GET',
      path: '/protected',
      headers: { Authorization: `Bearer ${access_token}` },
      status: 200,
    },
    'refresh, token not genuine': { method: 'POST', path: '/refresh', body: { refresh_token: 'x' }, status: 401 },
    [`login at cost ${COST}`]: { method: 'POST', path: '/login', body: CREDENTIALS, status: 200, waits: 2 },
  };
  for (const [name, route] of Object.entries(routes)) await compare(name, route);
} finally {
  for (const { child } of Object.values(servers)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await administer(`DROP DATABASE ${database} WITH (FORCE)`);
}

/** Alternating rounds with limits off and on, and the ratio of on to off in rate and in CPU time of the server. */
async function compare(name, route) {
  const rounds = { off: [], on: [] };
  for (const limits of ['off', 'on']) await load(servers[limits], route, 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (const limits of round % 2 === 0 ? ['off', 'on'] : ['on', 'off']) {
      rounds[limits].push(await load(servers[limits], route, SECONDS * (route.waits ?? 1)));
    }
  }
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  console.log(name);
  for (const [measure, unit] of [
    ['rate', '/s'],
    ['cpu', ' ms of CPU each'],
  ]) {
    for (const limits of ['off', 'on']) {
      const values = rounds[limits].map((round) => round[measure]);
      console.log(
        `  ${limits}: ${median(values).toFixed(3)}${unit} (${values.map((value) => value.toFixed(3)).join(', ')})`,
      );
    }
  }
  const of = (limits, measure) => median(rounds[limits].map((round) => round[measure]));
  console.log(`  on over off by rate: ${(of('on', 'rate') / of('off', 'rate')).toFixed(3)}`);
  console.log(`  off over on by CPU time: ${(of('off', 'cpu') / of('on', 'cpu')).toFixed(3)}`);
}

/** 16 connections, one request after the other on each: responses per second, and CPU time of the server for each. */
async function load({ port, child }, { method, path, headers = {}, body, status }, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const cpuBefore = cpuMs(child.pid);
  const end = performance.now() + seconds * 1000;
  const times = [];
  const worker = async () => {
    while (performance.now() < end) {
      const answer = await call(port, method, path, headers, body, agent);
      if (answer.status !== status) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
      times.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  const cpu = (cpuMs(child.pid) - cpuBefore) / times.length;
  return { rate: (times.length - 1) / ((times.at(-1) - times[0]) / 1000), cpu };
}

/** CPU time of a process in milliseconds, all threads together (proc(5), `stat`, in ticks of 10 ms). */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function startServer(limits) {
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = database;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn('taskset', ['-c', '0', 'node', 'dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      ENV_FILE: 'none',
      PORT: String(port),
      PUBLIC_URL: 'http://localhost:3000',
      DATABASE_URL: url.href,
      PORTERO_SECRET: Buffer.alloc(32, 5).toString('base64url'),
      BCRYPT_COST: String(COST),
      HASH_CONCURRENCY: '1',
      HASH_QUEUE_TIMEOUT: '60s',
      LOG_LEVEL: 'warn',
      RATE_LIMIT: limits,
      ...UNBOUNDED,
      ...(process.env.REDIS_URL ? { REDIS_URL: process.env.REDIS_URL } : {}),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    const ready = await call(port, 'GET', '/health/ready').catch(() => undefined);
    if (ready?.status === 200) return { child, port };
    await sleep(50);
  }
}

function call(port, method, path, headers = {}, body = undefined, agent = undefined) {
  const text = body && JSON.stringify(body);
  const type = text === undefined ? {} : { 'Content-Type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: { ...type, ...headers }, agent };
    const outgoing = request(options, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body: answer }));
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function administer(statement) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(statement);
  await client.end();
}
