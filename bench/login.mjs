// Logins per second against bare bcrypt on the same cores, response times of a protected route while 16 connections log in,
// and the peak of memory during that. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/login.mjs
//
// COST, SECONDS and ROUNDS may be set. The server (or bare bcrypt) runs on CPU 0, then on CPUs 0 and 1; PostgreSQL and this load
// generator run on CPU 1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import {
  CREDENTIALS,
  call,
  memoryMiB,
  percentile,
  pin,
  ROUNDS,
  registerAndLogIn,
  rounds,
  row,
  SECONDS,
  startServer,
  withDatabase,
} from './harness.mjs';

const COST = Number(process.env.COST ?? 10);
const WARM_UP_SECONDS = Math.min(5, SECONDS);
const CONNECTIONS = 16;
const PROTECTED_RATE = 200;

if (process.argv[2] === 'bare') await bareBcrypt(Number(process.argv[3]));
else await main();

/** Prints the comparisons per second of this process, with the given concurrency. */
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
  pin();
  await withDatabase(async (databaseUrl) => {
    for (const [cores, cpus, cpuCount, goal] of [
      ['one core', '0', 1, '0.97'],
      ['two cores', '0,1', 2, '0.95'],
    ]) {
      const { bare, storms } = await rounds(ROUNDS, {
        bare: () => runBare(cpus, cpuCount),
        storms: () => measureStorm(databaseUrl, cpus),
      });
      const values = (key) => storms.map((storm) => storm[key]);
      const print = (name, unit, key, more) => row({ name: `${cores}, ${name}`, unit, values: values(key), ...more });
      print(`logins at cost ${COST}; limit: bare bcrypt`, '/s', 'rate', { limits: bare, goal });
      print('p99 of the protected route, no logins', 'ms', 'quiet');
      print('p99 of the protected route, 16 log in', 'ms', 'busy', { goal: '10 ms' });
      print('longest response of the protected route, 16 log in', 'ms', 'longest');
      print('peak memory, 16 log in', 'MiB', 'peak', { goal: '160 MiB' });
    }
  });
}

/** One server, first without logins, then with 16 connections that log in. */
async function measureStorm(databaseUrl, cpus) {
  // The session of the protected route must outlive the others.
  const server = await startServer(databaseUrl, cpus, { BCRYPT_COST: String(COST), MAX_SESSIONS_PER_USER: '10000' });
  const token = await registerAndLogIn(server.port);
  const quiet = await timeProtectedRoute(server.port, token);
  const warmUp = startLogins(server.port);
  await sleep(WARM_UP_SECONDS * 1000);
  await warmUp.stop();
  const logins = startLogins(server.port);
  await sleep(SECONDS * 1000);
  const rate = await logins.stop();
  const loginsBeside = startLogins(server.port);
  await sleep(500);
  const busy = await timeProtectedRoute(server.port, token);
  await loginsBeside.stop();
  const peak = memoryMiB(server.child, 'VmHWM');
  await server.stop();
  return { rate, quiet: percentile(quiet, 99), busy: percentile(busy, 99), longest: percentile(busy, 100), peak };
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

/** 16 connections that log in one after the other, until they are stopped. */
function startLogins(port) {
  const times = [];
  let stopped = false;
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const worker = async () => {
    while (!stopped) {
      const { status } = await call(port, 'POST', '/login', { body: CREDENTIALS, agent });
      if (status !== 200) throw new Error(`login answered ${status}`);
      if (!stopped) times.push(performance.now());
    }
  };
  const workers = Array.from({ length: CONNECTIONS }, worker);
  return {
    /** Logins per second from the first response to the last, without the hashes in progress at either end. */
    async stop() {
      stopped = true;
      const rate = (times.length - 1) / ((times.at(-1) - times[0]) / 1000);
      await Promise.all(workers);
      agent.destroy();
      return rate;
    },
  };
}

/** Response times at a fixed rate, from when each request was due, so that a stall counts for every request it delays. */
async function timeProtectedRoute(port, token) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const headers = { Authorization: `Bearer ${token}` };
  const times = [];
  const all = [];
  const began = performance.now();
  for (let index = 0; index < PROTECTED_RATE * SECONDS; index++) {
    const due = began + (index * 1000) / PROTECTED_RATE;
    if (due > performance.now()) await sleep(due - performance.now());
    all.push(
      call(port, 'GET', '/protected', { headers, agent }).then(({ status }) => {
        if (status !== 200) throw new Error(`the protected route answered ${status}`);
        times.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(all);
  agent.destroy();
  return times;
}
