import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import { Unavailable } from '../../problems/http.errors.js';
import { FeedConnection, type Query } from './feed-connection.js';

/** How often every follower reads, whatever notifications arrive. */
const READ_EVERY_MS = 1000;
/** How long a request waits for a read that it needs. */
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
 * Tells followers what other instances have changed in the database: at once by LISTEN/NOTIFY, and by a read every
 * second, since notifications can be lost and do not pass a pooler in transaction mode. It knows how long ago it last
 * heard, so that who may not answer from old knowledge can ask first.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #followers: Follower[] = [];
  /** Those whose last read failed. */
  readonly #failing = new Set<Follower>();
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #stopping = new AbortController();
  /** When the last read that succeeded began, by both clocks. */
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
   * Has the other instances read what has been committed. Nobody waits for it, and it may be lost: they read every
   * second. A transaction that notifies would hold up all others of its kind until it is on disk; one that does nothing
   * else does not.
   */
  announce(): void {
    this.#toAnnounce = true;
    if (!this.#announcing) void this.#sendAnnouncements();
  }

  async #sendAnnouncements(): Promise<void> {
    this.#announcing = true;
    try {
      while (this.#toAnnounce) {
        // Before it is sent: what is committed meanwhile is announced again.
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

  /** Nothing was heard for `REVOCATION_STALE_AFTER`: what is in memory may be old. */
  get isStale(): boolean {
    const { revocationStaleAfter: limit } = this.config;
    // The even clock stands still while the machine is suspended; the other one is set back now and then.
    return this.clock.monotonic() - this.#heardAt.monotonic > limit || this.clock.now() - this.#heardAt.now > limit;
  }

  /** Resolves when what was committed before the call is known here. @throws Unavailable where it can't be read */
  async ensureFresh(): Promise<void> {
    if (!this.isStale) return;
    try {
      await Promise.race([this.catchUp(), tooLate()]);
    } catch (cause) {
      throw new Unavailable({ cause });
    }
  }

  /** Reads for every follower. Callers that come while a read is under way share the one after it. */
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
      // A required follower's failure is logged by who called for the read.
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
   * A notification is a hint to read, and what it says is not believed: anybody who may connect to the database can send
   * one. Between two such reads goes by as much time as the last one took, so a flood keeps nobody busy all the time.
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

  /** One line when hearing stops, and one when it goes on. */
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
