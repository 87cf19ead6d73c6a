// Compares two builds on a protected route with a cached token, in alternating rounds: requests per second, and CPU time
// of the server per request. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/paired.mjs <built checkout> <built checkout>
//
// ROUNDS and SECONDS may be set. Both servers run on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { join } from 'node:path';
import {
  cpuSeconds,
  freePort,
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

pin();

/** Starts the server of a checkout, and passes its measured request to `work`. */
async function withServer(checkout, work) {
  await withDatabase(async (databaseUrl) => {
    const port = freePort();
    const server = await startProcess([join(checkout, 'dist/main.js')], port, '0', settings(databaseUrl, port));
    const token = await registerAndLogIn(port);
    await work({ server, port, hot: requestBytes('GET', '/protected', { Authorization: `Bearer ${token}` }) });
    await server.stop();
  });
}

const costs = { before: [], after: [] };
const measure =
  (name, { server, port, hot }) =>
  async () => {
    const began = cpuSeconds(server.child);
    const rate = await throughput(port, () => hot);
    costs[name].push(((cpuSeconds(server.child) - began) / (rate * SECONDS)) * 1e6);
    return rate;
  };

await withServer(process.argv[2], async (before) => {
  await withServer(process.argv[3], async (after) => {
    const measurements = { before: measure('before', before), after: measure('after', after) };
    await rounds(2, measurements);
    for (const list of Object.values(costs)) list.length = 0;
    const results = await rounds(ROUNDS, measurements);
    row({ name: 'protected; limit: before', unit: '/s', values: results.after, limits: results.before });
    row({ name: 'CPU time per request; limit: before', unit: 'µs', values: costs.after, limits: costs.before });
  });
});
