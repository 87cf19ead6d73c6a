import { Duplex } from 'node:stream';
import type { PGlite } from '@electric-sql/pglite';

// Frontend message types of the PostgreSQL protocol 3.0 (PostgreSQL documentation §54.7).
const QUERY = 0x51;
const SYNC = 0x53;
const FLUSH = 0x48;
const TERMINATE = 0x58;

/** AuthenticationOk and ReadyForQuery: the start-up messages that a client waits for. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/**
 * Connects a `pg` client to the embedded database: the PostgreSQL protocol in memory, without a socket that another process could
 * open. `pg` uses it as its `stream`. The embedded database has one session, so the pool must have one client.
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

  /** Called by `pg`, as on a socket. */
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

  /** Runs the complete messages. A batch up to its Sync is sent to the database at once. */
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

  /** Handles the StartupMessage, the only one without a type byte. It needs no authentication inside one process. */
  async #welcome(): Promise<void> {
    this.#pending = this.#pending.subarray(this.#pending.readInt32BE(0));
    this.#welcomed = true;
    // A server would end the session; here the next client gets the same one, so it is reset.
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

  // Methods of a socket without a meaning in memory.
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
