// The database that tests copy. Plain JavaScript, because jest runs its global setup outside its own loader.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

const SERVER = process.env.TEST_DATABASE_URL;
const MIGRATE = fileURLToPath(new URL('../../scripts/migrate.mjs', import.meta.url));

/** Creates it with the migrations of the build, and sets its name in the environment for the workers. */
export async function createTemplate() {
  if (SERVER === undefined) {
    const dataDir = mkdtempSync(join(tmpdir(), 'portero-test-template-'));
    migrate({ DATA_DIR: dataDir });
    const cluster = join(dataDir, 'postgres');
    await dropUnusedDatabases(cluster);
    process.env.PORTERO_TEST_TEMPLATE = cluster;
    return;
  }
  const name = `portero_test_${randomBytes(4).toString('hex')}`;
  await administer((client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(SERVER);
  url.pathname = name;
  migrate({ DATABASE_URL: url.href });
  process.env.PORTERO_TEST_TEMPLATE = name;
}

/** Removes it, and the copies of tests that crashed. */
export async function dropTemplate() {
  const template = process.env.PORTERO_TEST_TEMPLATE;
  if (SERVER === undefined) {
    rmSync(dirname(template), { recursive: true, force: true });
    return;
  }
  await administer(async (client) => {
    const { rows } = await client.query('SELECT datname FROM pg_database WHERE datname LIKE $1', [`${template}%`]);
    for (const { datname } of rows) await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  });
}

/** Removes databases that no server uses, which are two thirds of a new cluster's files. Each test would copy them. */
async function dropUnusedDatabases(cluster) {
  const database = await PGlite.create({ dataDir: cluster });
  for (const name of ['template0', 'template1']) {
    await database.exec(`UPDATE pg_database SET datistemplate = false WHERE datname = '${name}'`);
    await database.exec(`DROP DATABASE ${name}`);
  }
  await database.exec('CHECKPOINT');
  await database.close();
}

function migrate(env) {
  const { PATH, HOME } = process.env;
  // No other environment variables: DATABASE_URL, from there or from .env, is not a database for tests.
  execFileSync(process.execPath, [MIGRATE, 'run'], {
    env: { PATH, HOME, ENV_FILE: 'none', PORTERO_SECRET: Buffer.alloc(32).toString('base64url'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function administer(work) {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
