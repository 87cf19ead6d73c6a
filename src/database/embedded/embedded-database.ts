import { chmodSync, existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { StartRefused } from '../../config/start-refused.js';
import { DataDirLock } from './data-dir-lock.js';
import { EmbeddedStream } from './embedded-stream.js';

/** A ready cluster with all migrations in it, made at build time: a first start loads it instead of running initdb. */
export const TEMPLATE = new URL('./embedded-template.tar.gz', import.meta.url);

const SETTINGS = ['shared_buffers=16MB'];

/** PostgreSQL compiled to WebAssembly, in a folder that this process alone may use. Opened on first use. */
export class EmbeddedDatabase {
  readonly #dataDir: string;
  #opening: Promise<PGlite> | undefined;
  #lock: DataDirLock | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** A connection for a `pg` client. The pool must hold one client at the most: there is one session. */
  readonly connect = (): EmbeddedStream => new EmbeddedStream(() => this.open());

  /** @throws DataDirInUse when another process has the folder. */
  open(): Promise<PGlite> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    try {
      // One that failed to open has been told of by then, and has nothing to close.
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
    else if (!statSync(cluster).isDirectory()) throw new StartRefused(`${cluster} is no folder, and so no database`);
    // Its files are readable and writable for everybody, whatever the umask: the folder must not be.
    chmodSync(cluster, 0o700);
    return await PGlite.create({ dataDir: cluster, postgresqlconf: SETTINGS });
  }
}

/** Makes the cluster under another name first: a start that is killed half-way leaves nothing that looks whole. */
async function createCluster(cluster: string): Promise<void> {
  const draft = `${cluster}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const template = existsSync(TEMPLATE) ? { loadDataDir: new Blob([await readFile(TEMPLATE)]) } : {};
  const database = await PGlite.create({ dataDir: draft, postgresqlconf: SETTINGS, ...template });
  await database.close();
  await rename(draft, cluster);
}
