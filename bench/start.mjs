// Time to the first 200 of /health/ready, and memory after three idle seconds, next to a bare node:http
// server; and the run time of commands. Needs Linux (taskset) and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/start.mjs
//
// ROUNDS may be set. Every process runs on CPU 0.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, median, rounds, settings, withDatabase } from './harness.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const BARE = `require('node:http').createServer((_, response) => response.end()).listen(process.env.PORT)`;
const folder = mkdtempSync(join(tmpdir(), 'portero-start-'));

await withDatabase(async (databaseUrl) => {
  const postgres = { DATABASE_URL: databaseUrl };
  const existing = { DATA_DIR: join(folder, 'existing') };
  // Migrates one and creates the other.
  await start(['dist/main.js'], postgres);
  await start(['dist/main.js'], existing);
  let first = 0;
  const results = await rounds(ROUNDS, {
    'bare node:http': () => start(['-e', BARE]),
    PostgreSQL: () => start(['dist/main.js'], postgres),
    'embedded, existing folder': () => start(['dist/main.js'], existing),
    'embedded, first start': () => start(['dist/main.js'], { DATA_DIR: join(folder, `first-${first++}`) }),
    'bare node -e 0': () => run(['-e', '0']),
    'portero --help': () => run(['dist/portero.js', '--help']),
    'portero keys list': () => run(['dist/portero.js', 'keys', 'list'], postgres),
  });
  for (const [name, values] of Object.entries(results)) report(name, values, results['bare node:http']);
});
rmSync(folder, { recursive: true });

/** Medians, and the ratio to the bare server of the same round. */
function report(name, values, bare) {
  const of = (key) => Math.round(median(values.map((value) => value[key])));
  const ratio = (key) => median(values.map((value, round) => value[key] / bare[round][key])).toFixed(1);
  const memory = values[0].mib === undefined ? '' : `, ${of('mib')} MiB (${ratio('mib')} x)`;
  console.log(`${name}: ${of('ms')} ms (${ratio('ms')} x)${memory}`);
}

function environment(port, more) {
  const { DATABASE_URL: _, ...env } = settings(undefined, port);
  return { ...env, ...more };
}

async function start(args, more = {}) {
  const port = freePort();
  const began = performance.now();
  const options = { env: environment(port, more), stdio: ['ignore', 'ignore', 'inherit'] };
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], options);
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    await sleep(5);
  }
  const ms = performance.now() - began;
  await sleep(3000);
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  child.kill('SIGTERM');
  await once(child, 'exit');
  return { ms, mib: Number(kib) / 1024 };
}

async function isReady(port) {
  return await fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function run(args, more = {}) {
  const began = performance.now();
  execFileSync('taskset', ['-c', '0', process.execPath, ...args], { env: environment(0, more), stdio: 'ignore' });
  return { ms: performance.now() - began };
}
