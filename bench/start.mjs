// Time to the first 200 of /health/ready, and memory after three idle seconds, next to a bare node:http
// server; and the run time of commands. Needs Linux (taskset) and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/start.mjs
//
// ROUNDS may be set. Every process runs on CPU 0.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, memoryMiB, ROUNDS, rounds, row, settings, withDatabase } from './harness.mjs';

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
    bare: () => start(['-e', BARE]),
    postgres: () => start(['dist/main.js'], postgres),
    existing: () => start(['dist/main.js'], existing),
    first: () => start(['dist/main.js'], { DATA_DIR: join(folder, `first-${first++}`) }),
    bareCommand: () => run(['-e', '0']),
    help: () => run(['dist/portero.js', '--help']),
    keys: () => run(['dist/portero.js', 'keys', 'list'], postgres),
  });
  const { bare, bareCommand } = results;
  for (const [name, starts, goalMs, goalMiB] of [
    ['PostgreSQL', results.postgres, 700, 110],
    ['embedded, existing folder', results.existing, 1500, 240],
    ['embedded, first start', results.first],
  ]) {
    print(`start, ${name}`, 'ms', starts, bare, goalMs);
    print(`idle memory, ${name}`, 'MiB', starts, bare, goalMiB);
  }
  print('portero --help; limit: node -e 0', 'ms', results.help, bareCommand, 250);
  print('portero keys list; limit: node -e 0', 'ms', results.keys, bareCommand, 600);
});
rmSync(folder, { recursive: true });

function print(name, unit, results, bare, goal) {
  const values = (all) => all.map((one) => one[unit]);
  row({ name, unit, values: values(results), limits: values(bare), goal: goal && `${goal} ${unit}` });
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
  const MiB = memoryMiB(child);
  child.kill('SIGTERM');
  await once(child, 'exit');
  return { ms, MiB };
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
