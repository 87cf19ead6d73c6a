// DATABASE_URL=postgres://… node bench/import.mjs [rows]
// Imports generated users into an empty database, imports them again, imports them as a dry run,
// counts their hashes, and prints the time of each step. Needs a build.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const SEED = randomBytes(4).toString('hex');
if (!process.env.DATABASE_URL) throw new Error('set DATABASE_URL to an empty PostgreSQL database');

const first = await importUsers();
if (first.imported !== ROWS) throw new Error(`imported ${first.imported} of ${ROWS}`);
print('import', first);
print('import again, nothing to do', await importUsers());
print('dry run, all there', await importUsers('--dry-run'));
const started = performance.now();
const hashes = await portero(['users', 'hashes', '--json']);
console.log(`users hashes: ${((performance.now() - started) / 1000).toFixed(2)} s with the start: ${hashes}`);

async function importUsers(...options) {
  const answer = await portero(
    ['users', 'import', '-', '--format', 'jsonl', '--json', ...options],
    Readable.from(chunks()),
  );
  return JSON.parse(answer);
}

async function portero(args, input) {
  const child = spawn(process.execPath, ['dist/portero.js', ...args], {
    env: { PORTERO_SECRET: randomBytes(32).toString('base64url'), ...process.env, ENV_FILE: 'none' },
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
  const rows = imported + already_there + refused;
  console.log(
    `${name}: ${rows} rows in ${seconds} s, ${Math.round(rows / seconds)} rows/s, peak ${Math.round(max_rss_kib / 1024)} MiB ` +
      `(${imported} imported, ${already_there} already there, ${refused} refused)`,
  );
}
