// Compares two builds in alternating rounds: requests per second, response times, and CPU time of the server per request, for a
// protected route with a cached token, or for logins at a low cost. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/paired.mjs <built checkout> <built checkout> [login]
//
// ROUNDS and SECONDS may be set. Both servers run on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { join } from 'node:path';
import {
  CREDENTIALS,
  cpuSeconds,
  freePort,
  percentile,
  pin,
  ROUNDS,
  registerAndLogIn,
  requestBytes,
  rounds,
  row,
  SECONDS,
  settings,
  startProcess,
  throughput,
  withDatabase,
} from './harness.mjs';

const [beforeCheckout, afterCheckout, route = 'protected'] = process.argv.slice(2);
const connections = route === 'login' ? 4 : 32;
pin();

/** Starts the server of a checkout, and passes its measured request to `work`. */
async function withServer(checkout, work) {
  await withDatabase(async (databaseUrl) => {
    const port = freePort();
    const env = { ...settings(databaseUrl, port), MAX_SESSIONS_PER_USER: '10000' };
    const server = await startProcess([join(checkout, 'dist/main.js')], port, '0', env);
    const token = await registerAndLogIn(port);
    const bytes =
      route === 'login'
        ? requestBytes('POST', '/login', {}, JSON.stringify(CREDENTIALS))
        : requestBytes('GET', '/protected', { Authorization: `Bearer ${token}` });
    await work({ server, port, bytes });
    await server.stop();
  });
}

const all = { cpu: { before: [], after: [] }, p50: { before: [], after: [] }, p99: { before: [], after: [] } };
const measure =
  (name, { server, port, bytes }) =>
  async () => {
    const times = [];
    const began = cpuSeconds(server.child);
    const rate = await throughput(port, () => bytes, { connections, times });
    all.cpu[name].push(((cpuSeconds(server.child) - began) / (rate * SECONDS)) * 1e6);
    all.p50[name].push(percentile(times, 50));
    all.p99[name].push(percentile(times, 99));
    return rate;
  };

await withServer(beforeCheckout, async (before) => {
  await withServer(afterCheckout, async (after) => {
    const measurements = { before: measure('before', before), after: measure('after', after) };
    await rounds(2, measurements);
    for (const { before: one, after: other } of Object.values(all)) one.length = other.length = 0;
    const results = await rounds(ROUNDS, measurements);
    row({ name: `${route}; limit: before`, unit: '/s', values: results.after, limits: results.before });
    for (const [name, unit, { before: limits, after: values }] of [
      ['CPU time per request', 'µs', all.cpu],
      ['p50', 'ms', all.p50],
      ['p99', 'ms', all.p99],
    ]) {
      row({ name: `${name}; limit: before`, unit, values, limits });
    }
  });
});
