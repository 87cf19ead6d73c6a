import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import { Unavailable } from '../../problems/http.errors.js';
import { FeedConnection, type Query } from './feed-connection.js';

/** The interval of reads, with or without notifications, in milliseconds. */
const READ_EVERY_MS = 1000;
/** How long a request waits for a read, in milliseconds. */
const PATIENCE_MS = 2500;

/** A part of the server that keeps a copy of database rows in memory. */
export interface Follower {
  /** For the log. */
  name: string;
  /** Whether requests may not be answered from an outdated copy: then a failed read makes the feed stale. */
  required: boolean;
  /** Reads what has changed since the last read. */
  read(query: Query): Promise<void>;
}

/**
 * Lets followers read what other instances have changed in the database: at once after a NOTIFY, and every second, because
 * notifications can be lost and do not pass a pooler in transaction mode. It knows the age of the last read, so requests that
 * need current data can wait for another.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #followers: Follower[] = [];
  /** Those whose last read failed. */
  readonly #failing = new Set<Follower>();
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #stopping = new AbortController();
  /** The start of the last successful read, by both clocks. */
  #heardAt = { monotonic: Number.NEGATIVE_INFINITY, now: Number.NEGATIVE_INFINITY };
  #reading: Promise<void> | undefined;
  #nextRead: Promise<void> | undefined;
  #interrupted = false;
  /** How long the last read took, and when it ended, in milliseconds. */
  #lastRead = { tookMs: 0, endedAt: Number.NEGATIVE_INFINITY };
  #hinted = false;
  #toAnnounce = false;
  #announcing = false;

  constructor(
    private readonly connection: FeedConnection,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.connection.listen(() => void this.#hear());
    await this.catchUp();
    void this.#readOnAndOn();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    await this.connection.close();
  }

  /**
   * Notifies the other instances of a commit, in the background. The notification may be lost. It is sent after the commit,
   * because PostgreSQL serializes the commits of transactions that notify.
   */
  announce(): void {
    this.#toAnnounce = true;
    if (!this.#announcing) void this.#sendAnnouncements();
  }

  async #sendAnnouncements(): Promise<void> {
    this.#announcing = true;
    try {
      while (this.#toAnnounce) {
        // Reset before sending: a commit in the meantime needs another notification.
        this.#toAnnounce = false;
        await this.connection.notify();
      }
    } catch (err) {
      this.#toAnnounce = false;
      this.#logger.debug({ err, msg: 'other instances were not notified; they will read' });
    } finally {
      this.#announcing = false;
    }
  }

  /** Whether the last read is older than `REVOCATION_STALE_AFTER`. */
  get isStale(): boolean {
    const { revocationStaleAfter: limit } = this.config;
    // The monotonic clock stops while the machine is suspended; the wall clock may be set back.
    return this.clock.monotonic() - this.#heardAt.monotonic > limit || this.clock.now() - this.#heardAt.now > limit;
  }

  /** Reads if the feed is stale. @throws Unavailable if the read fails or takes too long */
  async ensureFresh(): Promise<void> {
    if (!this.isStale) return;
    try {
      await Promise.race([this.catchUp(), tooLate()]);
    } catch (cause) {
      throw new Unavailable({ cause });
    }
  }

  /** Reads for all followers. Calls during a read share the next one. */
  catchUp(): Promise<void> {
    this.#nextRead ??= (this.#reading ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        this.#nextRead = undefined;
        this.#reading = this.#read();
        return this.#reading;
      });
    return this.#nextRead;
  }

  async #read(): Promise<void> {
    const began = { monotonic: this.clock.monotonic(), now: this.clock.now() };
    let failure: unknown;
    for (const follower of this.#followers) {
      const error = await this.#readFor(follower);
      if (follower.required) failure ??= error;
    }
    if (failure !== undefined) throw failure;
    this.#heardAt = began;
    const endedAt = this.clock.monotonic();
    this.#lastRead = { tookMs: endedAt - began.monotonic, endedAt };
  }

  /** Returns the error of a failed read, so that it does not keep the other followers from reading. */
  async #readFor(follower: Follower): Promise<unknown> {
    try {
      await follower.read(this.connection.query);
      this.#failing.delete(follower);
      return undefined;
    } catch (err) {
      // The caller logs failures of required followers.
      if (!follower.required && !this.#failing.has(follower)) {
        this.#logger.warn({ err, msg: 'changes made by other instances can not be read', follower: follower.name });
      }
      this.#failing.add(follower);
      return err;
    }
  }

  async #readOnAndOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(READ_EVERY_MS, undefined, { ref: false, signal }).catch(() => {});
      if (signal.aborted) return;
      await this.catchUp().then(
        () => this.#tell(false),
        (error) => this.#tell(true, error),
      );
    }
  }

  /**
   * A notification is only a hint to read; its content is ignored, because anybody who can connect to the database can send one.
   * After a read, the next hint waits as long as that read took, so a flood of them can't keep the instance busy.
   */
  async #hear(): Promise<void> {
    if (this.#hinted) return;
    this.#hinted = true;
    await this.#reading?.catch(() => {});
    const { tookMs, endedAt } = this.#lastRead;
    const restMs = Math.min(endedAt + tookMs - this.clock.monotonic(), READ_EVERY_MS);
    if (restMs > 0) await sleep(restMs, undefined, { ref: false });
    this.#hinted = false;
    await this.catchUp().catch((error) => this.#tell(true, error));
  }

  /** Logs once when reading fails, and once when it works again. */
  #tell(interrupted: boolean, err?: unknown): void {
    if (interrupted === this.#interrupted || this.#stopping.signal.aborted) return;
    this.#interrupted = interrupted;
    if (interrupted) this.#logger.warn({ err, msg: 'changes made by other instances can not be read' });
    else this.#logger.log('changes made by other instances are read again');
  }
}

async function tooLate(): Promise<never> {
  await sleep(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`what other instances changed could not be read in ${PATIENCE_MS} ms`);
}
