// Runs all measurements one after the other and prints one table. Nothing else should run on the machine meanwhile.
// Needs Linux (taskset), two CPUs, a build and a PostgreSQL server on which databases can be created:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres npm run bench
//   … npm run bench -- protected refresh      only these
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const ALL = [
  'protected',
  'refresh',
  'login',
  'start',
  'limits',
  'revocation',
  'growth',
  'plans',
  'import',
  'mail',
  'soak',
];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !ALL.includes(name));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; there are ${ALL.join(', ')}`);
if (!process.env.DATABASE_URL) throw new Error('set DATABASE_URL to a PostgreSQL server');

const folder = mkdtempSync(join(tmpdir(), 'portero-bench-'));
const rows = join(folder, 'rows');
writeFileSync(rows, '');
const load = loadavg()[0].toFixed(2);
const failed = [];
for (const name of ALL.filter((one) => chosen.length === 0 || chosen.includes(one))) {
  console.log(`\n# ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.mjs`)], {
    env: { ...process.env, BENCH_ROWS: rows },
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(name);
}

console.log(
  `\nNode.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load average ${load} before the start.`,
);
console.log(
  'Medians, with each round in parentheses. The limit is what the name says, or a bare server, in the same rounds.',
);
console.log('A goal without a unit is for the ratio.\n');
console.log('| | unit | Portero | limit | Portero / limit | goal |\n|---|---|---|---|---|---|');
for (const line of readFileSync(rows, 'utf8').split('\n').filter(Boolean)) {
  console.log(`| ${JSON.parse(line).join(' | ')} |`);
}
rmSync(folder, { recursive: true });
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
