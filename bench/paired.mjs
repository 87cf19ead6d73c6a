// Compares two builds on a protected route with a cached token, in alternating rounds: requests per second, and CPU time
// of the server per request. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/paired.mjs <built checkout> <built checkout>
//
// ROUNDS and SECONDS may be set. Both servers have CPU 0; this load generator runs on CPU 1.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  median,
  ratio,
  report,
  requestBytes,
  rounds,
  settings,
  startProcess,
  throughput,
  withDatabase,
} from './harness.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const SECONDS = Number(process.env.SECONDS ?? 3);
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));
execFileSync('taskset', ['-cp', '1', String(process.pid)]);

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Starts the server of a checkout, and gives its hot request to `work`. */
async function withServer(checkout, work) {
  await withDatabase(async (databaseUrl) => {
    const port = freePort();
    const server = await startProcess([join(checkout, 'dist/main.js')], port, '0', settings(databaseUrl, port));
    const call = async (path) => {
      const body = JSON.stringify({ username: 'bench', password: 'a long and uncommon passphrase' });
      const headers = { 'Content-Type': 'application/json' };
      return await (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body })).json();
    };
    await call('/register');
    const { access_token } = await call('/login');
    await work({ server, port, hot: requestBytes('GET', '/protected', { Authorization: `Bearer ${access_token}` }) });
    await server.stop();
  });
}

const costs = { before: [], after: [] };
const measure =
  (name, { server, port, hot }) =>
  async () => {
    const began = cpuSeconds(server.child.pid);
    const rate = await throughput(port, () => hot, { seconds: SECONDS });
    costs[name].push(((cpuSeconds(server.child.pid) - began) / (rate * SECONDS)) * 1e6);
    return rate;
  };

await withServer(process.argv[2], async (before) => {
  await withServer(process.argv[3], async (after) => {
    const measurements = { before: measure('before', before), after: measure('after', after) };
    await rounds(2, measurements);
    for (const list of Object.values(costs)) list.length = 0;
    const results = await rounds(ROUNDS, measurements);
    report(results);
    ratio(results, 'after', 'before');
    for (const [name, list] of Object.entries(costs)) {
      const low = Math.min(...list).toFixed(1);
      console.log(`${name}: CPU time per request, median ${median(list).toFixed(1)} µs, least ${low} µs`);
    }
  });
});
