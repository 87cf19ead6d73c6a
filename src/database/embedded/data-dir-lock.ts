import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataDir } from '../../config/data-dir.js';
import { StartError } from '../../config/start-error.js';

const NAME = /^lock-[0-9a-f]{12}$/;
/** The path of a socket may have 104 bytes on macOS; the file name takes 22. */
const MAX_FOLDER_BYTES = 80;
const ATTEMPTS = 50;

/** Another process uses the data folder. */
export class DataDirInUse extends StartError {
  override name = 'DataDirInUse';

  constructor(dataDir: string) {
    super(
      `${dataDir} is in use by another Portero process: the embedded database is for one process. Stop that one, set another DATA_DIR, or set DATABASE_URL to use PostgreSQL`,
    );
  }
}

/**
 * A lock on a folder that is released when its process ends in any way: a listening socket in the folder.
 *
 * Each contender first listens on its own socket and then connects to all others. Of any two, the later one finds the other
 * listening, so they can't both get the lock. A holder responds `H`, a contender `C`: after `H` the lock fails, after `C` it is
 * tried again.
 */
export class DataDirLock {
  readonly #server: Server;
  readonly #remove: () => void;
  #held = false;

  private constructor(folder: string, remove: () => void, name: string) {
    this.#remove = () => {
      rmSync(join(folder, name), { force: true });
      remove();
    };
    // Connections of the lock must not keep the process running.
    this.#server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(this.#held ? 'H' : 'C');
    }).unref();
  }

  /** @throws DataDirInUse if another running process holds the lock */
  static async acquire(dataDir: string): Promise<DataDirLock> {
    createDataDir(dataDir);
    const { folder, remove } = shortNameOf(dataDir);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const name = `lock-${randomBytes(6).toString('hex')}`;
      const lock = new DataDirLock(folder, remove, name);
      await lock.#listen(join(folder, name));
      const others = readdirSync(folder).filter((other) => NAME.test(other) && other !== name);
      const answers = await Promise.all(others.map((other) => ask(join(folder, other))));
      if (answers.every((answer) => answer === 'dead')) {
        lock.#held = true;
        // Only the holder removes dead sockets: one that refuses connections may be a contender between bind and listen.
        for (const other of others) rmSync(join(folder, other), { force: true });
        return lock;
      }
      lock.#close(join(folder, name));
      if (answers.includes('holder')) break;
      await sleep(20 + Math.random() * 100);
    }
    remove();
    throw new DataDirInUse(dataDir);
  }

  release(): void {
    this.#server.close();
    this.#remove();
  }

  #listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(path, resolve);
    });
  }

  #close(path: string): void {
    this.#server.close();
    rmSync(path, { force: true });
  }
}

/** If the path is too long for a socket, a short symbolic link to the folder is used. */
function shortNameOf(dataDir: string): { folder: string; remove: () => void } {
  if (Buffer.byteLength(dataDir) <= MAX_FOLDER_BYTES) return { folder: dataDir, remove: () => {} };
  const temporary = mkdtempSync(join(tmpdir(), 'portero-'));
  const folder = join(temporary, 'data');
  symlinkSync(dataDir, folder);
  return {
    folder,
    remove: () => {
      unlinkSync(folder);
      rmSync(temporary, { recursive: true });
    },
  };
}

function ask(path: string): Promise<'holder' | 'contender' | 'dead'> {
  return new Promise((resolve) => {
    // A process stopped by SIGSTOP holds its lock but does not respond.
    const socket = connect(path).setTimeout(1000, () => finish('holder'));
    const finish = (answer: 'holder' | 'contender' | 'dead') => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => finish(data.toString() === 'H' ? 'holder' : 'contender'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? 'dead' : 'contender'),
    );
    socket.once('close', () => finish('dead'));
  });
}
