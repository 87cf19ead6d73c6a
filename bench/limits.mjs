// Cost of rate limits: protected requests, refreshes and logins per second with RATE_LIMIT=on and off, alternating.
// Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/limits.mjs
//
// SECONDS, ROUNDS, COST and REDIS_URL may be set. The servers run on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { Agent } from 'node:http';
import {
  CREDENTIALS,
  call,
  cpuSeconds,
  pin,
  ROUNDS,
  registerAndLogIn,
  row,
  SECONDS,
  startServer,
  withDatabase,
} from './harness.mjs';

const COST = Number(process.env.COST ?? 12);
const CONNECTIONS = 16;
const SETTINGS = {
  BCRYPT_COST: String(COST),
  HASH_CONCURRENCY: '1',
  HASH_QUEUE_TIMEOUT: '60s',
  LIMIT_REQUESTS: '999999999/1d',
  LIMIT_LOGINS: '999999999/1d',
  LIMIT_REFRESHES: '999999999/1d',
  ...(process.env.REDIS_URL ? { REDIS_URL: process.env.REDIS_URL } : {}),
};
pin();

await withDatabase(async (databaseUrl) => {
  const servers = {};
  for (const limits of ['off', 'on']) {
    servers[limits] = await startServer(databaseUrl, '0', { ...SETTINGS, RATE_LIMIT: limits });
  }
  const token = await registerAndLogIn(servers.off.port);
  const headers = { Authorization: `Bearer ${token}` };
  const routes = {
    'protected route': { method: 'GET', path: '/protected', headers, status: 200 },
    'refresh, token not genuine': { method: 'POST', path: '/refresh', body: { refresh_token: 'x' }, status: 401 },
    [`login at cost ${COST}`]: { method: 'POST', path: '/login', body: CREDENTIALS, status: 200, waits: 2 },
  };
  for (const [name, route] of Object.entries(routes)) await compare(servers, name, route);
  for (const server of Object.values(servers)) await server.stop();
});

/** Alternating rounds with limits off and on. */
async function compare(servers, name, route) {
  const results = { off: [], on: [] };
  for (const limits of ['off', 'on']) await load(servers[limits], route, 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (const limits of round % 2 === 0 ? ['off', 'on'] : ['on', 'off']) {
      results[limits].push(await load(servers[limits], route, SECONDS * (route.waits ?? 1)));
    }
  }
  const values = (limits, key) => results[limits].map((result) => result[key]);
  const print = (what, unit, key) =>
    row({ name: `${name}${what}; limit: RATE_LIMIT=off`, unit, values: values('on', key), limits: values('off', key) });
  print('', '/s', 'rate');
  print(', CPU time each', 'ms', 'cpu');
}

/** 16 connections, one request after the other on each: responses per second, and CPU time of the server for each. */
async function load({ port, child }, { method, path, headers, body, status }, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const cpuBefore = cpuSeconds(child);
  const end = performance.now() + seconds * 1000;
  const times = [];
  const worker = async () => {
    while (performance.now() < end) {
      const answer = await call(port, method, path, { headers, body, agent });
      if (answer.status !== status) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
      times.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  const cpu = ((cpuSeconds(child) - cpuBefore) * 1000) / times.length;
  return { rate: (times.length - 1) / ((times.at(-1) - times[0]) / 1000), cpu };
}
