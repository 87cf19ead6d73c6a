import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { flushCluster, giveBack, takeCluster } from '../runner/clusters.js';
import { refuseLeaks } from './leaks.js';

/** The engine of this test run: the PostgreSQL server of `TEST_DATABASE_URL`, else the embedded database. */
export const SERVER = process.env.TEST_DATABASE_URL;
export const isPostgres = SERVER !== undefined;

/** Set in the environment by test/support/template.mjs. */
export const TEMPLATE_VARIABLE = 'PORTERO_TEST_TEMPLATE';

/** A separate database for a test, with only the schema. */
export interface TestDatabase {
  /** The settings with which a server uses it. */
  env: Record<string, string>;
  /** Drops it. Scans it for secrets first, and fails if it finds one. */
  drop(): Promise<void>;
}

/**
 * A copy of the template that this run made.
 *
 * @param stayOpen whether this process keeps an embedded database open while no server uses it. That saves time, but no
 *   other process can open it before {@link release}
 */
export async function createDatabase({ stayOpen = false } = {}): Promise<TestDatabase> {
  const template = process.env[TEMPLATE_VARIABLE] as string;
  if (SERVER === undefined) {
    const dataDir = await takeCluster(template, stayOpen);
    const takenAt = Date.now();
    return { env: { DATA_DIR: dataDir }, drop: () => dropCluster(dataDir, takenAt) };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'portero-test-'));
  const name = `${template}_${randomBytes(5).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    env: { DATABASE_URL: databaseUrl(name), DATA_DIR: dataDir },
    drop: () =>
      refuseLeaks({ url: databaseUrl(name) }).finally(async () => {
        await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await rm(dataDir, { recursive: true, force: true });
      }),
  };
}

async function dropCluster(dataDir: string, takenAt: number): Promise<void> {
  let clean = false;
  try {
    const log = await flushCluster(dataDir);
    await refuseLeaks({ folder: join(dataDir, 'postgres'), takenAt, log });
    clean = true;
  } finally {
    await giveBack(dataDir, clean);
  }
}

/** The URL of a database on the test server. */
export function databaseUrl(name: string): string {
  const url = new URL(SERVER as string);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs statements as the administrator of the test server. */
export async function administer(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER as string });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
