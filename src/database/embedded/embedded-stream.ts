import { Duplex } from 'node:stream';
import type { PGlite } from '@electric-sql/pglite';

// Frontend message types of the PostgreSQL protocol 3.0 (PostgreSQL documentation §54.7).
const QUERY = 0x51;
const SYNC = 0x53;
const FLUSH = 0x48;
const TERMINATE = 0x58;

/** AuthenticationOk and ReadyForQuery: the whole of the start-up that a client waits for. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/**
 * The connection of a `pg` client to the embedded database: the PostgreSQL protocol in memory, with no socket
 * that another process could open. Given to `pg` as its `stream`. The embedded database is one session, so
 * the pool on it must hold one client at the most.
 */
export class EmbeddedStream extends Duplex {
  readonly #open: () => Promise<PGlite>;
  #database: PGlite | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #welcomed = false;

  constructor(open: () => Promise<PGlite>) {
    super();
    this.#open = open;
  }

  /** What `pg` calls instead of a socket's `connect`. */
  connect(): this {
    this.#open().then(
      (database) => {
        this.#database = database;
        this.emit('connect');
      },
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#answer().then(() => done(), done);
  }

  /** Runs what is complete so far: a batch up to its Sync goes to the database in one piece. */
  async #answer(): Promise<void> {
    if (!this.#welcomed) await this.#welcome();
    const { end, terminated } = this.#completeBatches();
    if (end > 0) {
      const batch = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end);
      const answer = await this.#openDatabase.execProtocolRaw(batch);
      this.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
    }
    if (terminated) this.push(null);
  }

  /** Takes the StartupMessage, which alone has no type byte; nobody but this process gets here, so all are welcome. */
  async #welcome(): Promise<void> {
    this.#pending = this.#pending.subarray(this.#pending.readInt32BE(0));
    this.#welcomed = true;
    // A server ends the session of a client that went away; here the next client gets the same session.
    await this.#openDatabase.exec('ROLLBACK');
    await this.#openDatabase.exec('DISCARD ALL');
    this.push(WELCOME);
  }

  get #openDatabase(): PGlite {
    return this.#database as PGlite;
  }

  #completeBatches(): { end: number; terminated: boolean } {
    let position = 0;
    let end = 0;
    while (this.#pending.length - position >= 5) {
      const type = this.#pending[position];
      const length = 1 + this.#pending.readInt32BE(position + 1);
      if (this.#pending.length - position < length) break;
      if (type === TERMINATE) return { end, terminated: true };
      position += length;
      if (type === QUERY || type === SYNC || type === FLUSH) end = position;
    }
    return { end, terminated: false };
  }

  // Parts of a socket's face that mean nothing in memory.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
