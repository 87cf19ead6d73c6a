import { chmodSync, existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { StartError } from '../../config/start-error.js';
import { DataDirLock } from './data-dir-lock.js';
import { EmbeddedStream } from './embedded-stream.js';

/** A migrated database cluster, created by the build. A first start loads it instead of running initdb. */
export const TEMPLATE = new URL('./embedded-template.tar.gz', import.meta.url);

const SETTINGS = ['shared_buffers=16MB'];

/** PostgreSQL compiled to WebAssembly, in a folder that only this process may use. Opened on first use. */
export class EmbeddedDatabase {
  readonly #dataDir: string;
  #opening: Promise<PGlite> | undefined;
  #lock: DataDirLock | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** A connection for a `pg` client. There is one session, so the pool must have one client. */
  readonly connect = (): EmbeddedStream => new EmbeddedStream(() => this.open());

  /** @throws DataDirInUse if another process uses the folder */
  open(): Promise<PGlite> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    try {
      // A failure to open was reported already.
      const database = await opening?.catch(() => undefined);
      await database?.close();
    } finally {
      this.#lock?.release();
      this.#lock = undefined;
    }
  }

  async #open(): Promise<PGlite> {
    this.#lock = await DataDirLock.acquire(this.#dataDir);
    const cluster = join(this.#dataDir, 'postgres');
    if (!existsSync(cluster)) await createCluster(cluster);
    else if (!statSync(cluster).isDirectory())
      throw new StartError(`${cluster} is not a folder. Remove it, or set DATA_DIR to another folder`);
    // PGlite creates its files readable for everybody, so the folder must not be.
    chmodSync(cluster, 0o700);
    return await createPglite({ dataDir: cluster });
  }
}

/** The package is loaded here, because a server on PostgreSQL does not need it. */
async function createPglite(options: PGliteOptions): Promise<PGlite> {
  // Otherwise V8 compiles the functions of PostgreSQL a second time after the start, with its optimizing compiler. That takes
  // seconds and 100 MiB, and makes statements only a fifth faster.
  for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
  const { PGlite } = await import('@electric-sql/pglite');
  return await PGlite.create({ ...options, postgresqlconf: SETTINGS });
}

/** Creates the cluster under another name first, so that a killed start leaves no incomplete cluster. */
async function createCluster(cluster: string): Promise<void> {
  const draft = `${cluster}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const template = existsSync(TEMPLATE) ? { loadDataDir: new Blob([await readFile(TEMPLATE)]) } : {};
  const database = await createPglite({ dataDir: draft, ...template });
  await database.close();
  await rename(draft, cluster);
}
