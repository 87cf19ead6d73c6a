// Imports generated users into an empty database, imports them again, imports them as a dry run, and counts their hashes.
// Needs a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/import.mjs
//
// ROWS may be set instead of 1,000,000.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { row, settings, withDatabase } from './harness.mjs';

const ROWS = Number(process.env.ROWS ?? 1_000_000);
const SEED = randomBytes(4).toString('hex');

await withDatabase(async (databaseUrl) => {
  const env = settings(databaseUrl, 0);
  const first = await importUsers(env);
  if (first.imported !== ROWS) throw new Error(`imported ${first.imported} of ${ROWS}`);
  print('import', first);
  print('import again, nothing to do', await importUsers(env));
  print('dry run of the same import', await importUsers(env, '--dry-run'));
  const began = performance.now();
  await portero(env, ['users', 'hashes', '--json']);
  row({ name: `users hashes, ${ROWS} users`, unit: 's', values: [(performance.now() - began) / 1000] });
});

async function importUsers(env, ...options) {
  const answer = await portero(
    env,
    ['users', 'import', '-', '--format', 'jsonl', '--json', ...options],
    Readable.from(chunks()),
  );
  return JSON.parse(answer);
}

async function portero(env, args, input) {
  const child = spawn(process.execPath, ['dist/portero.js', ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (input) input.pipe(child.stdin);
  else child.stdin.end();
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ended with ${code}: ${stdout}`);
  return stdout.trim();
}

/** Rows with several kinds of hash, each with its own salt; the same rows in each run. */
function* chunks() {
  for (let row = 0; row < ROWS; row += 500) {
    let text = '';
    for (let n = row; n < Math.min(row + 500, ROWS); n++) text += `${JSON.stringify(user(n))}\n`;
    yield text;
  }
}

function user(n) {
  const salt = `${SEED}${n}`.padEnd(22, 'a').slice(0, 21);
  const hashes = [
    `$2b$12$${salt}e${'IjZAgcfl7p92ldGxad68LJZdL17lhWy'}`,
    `scrypt:32768:8:1$${salt.slice(0, 16)}$${'9f'.repeat(64)}`,
    `pbkdf2_sha256$600000$${salt}$${Buffer.alloc(32, n).toString('base64')}`,
  ];
  return {
    username: `user-${n}`,
    email: `user-${n}@example.com`,
    email_verified: n % 2 === 0,
    password_hash: hashes[n % hashes.length],
    created_at: new Date(1.6e12 + n * 1000).toISOString(),
  };
}

function print(name, { seconds, max_rss_kib, imported, already_there, refused }) {
  row({ name, unit: 'rows/s', values: [(imported + already_there + refused) / seconds] });
  row({ name: `${name}, peak memory`, unit: 'MiB', values: [max_rss_kib / 1024] });
}
