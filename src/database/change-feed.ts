import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Unavailable } from '../problems/http.errors.js';
import { ENTRIES_PER_NOTIFICATION, FeedConnection, notificationOf, type Query } from './feed-connection.js';

/** How often every follower reads, whatever notifications arrive. */
const READ_EVERY_MS = 1000;
/** How long a request waits for a read that it needs. */
const PATIENCE_MS = 2500;

/** A part that keeps something of the database in memory. */
export interface Follower {
  /** What a notification for it begins with. */
  topic: string;
  /** Reads what has changed since it was last read. */
  read(query: Query): Promise<void>;
  /** Takes what a notification says, and so saves a read. Without it, a notification is followed by a read. */
  hear?(message: string): void;
}

/**
 * Tells followers what other instances have changed in the database: at once by LISTEN/NOTIFY, and by a read every
 * second, since notifications can be lost and do not pass a pooler in transaction mode. It knows how long ago it last
 * heard, so that who may not answer from old knowledge can ask first.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #followers: Follower[] = [];
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #stopping = new AbortController();
  /** When the last read that succeeded began, by both clocks. */
  #heardAt = { monotonic: Number.NEGATIVE_INFINITY, now: Number.NEGATIVE_INFINITY };
  #reading: Promise<void> | undefined;
  #nextRead: Promise<void> | undefined;
  #interrupted = false;
  readonly #announcements: [topic: string, entry: string][] = [];
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
    this.connection.listen((message) => this.#hear(message));
    await this.catchUp();
    void this.#readOnAndOn();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopping.abort();
    await this.connection.close();
  }

  /**
   * Tells the other instances of entries that have been committed. Nobody waits for it, and it may be lost: they read
   * every second. A transaction that notifies would hold up all others of its kind until it is on disk; one that does
   * nothing else does not.
   */
  announce(topic: string, entries: readonly string[]): void {
    for (const entry of entries) this.#announcements.push([topic, entry]);
    if (!this.#announcing) void this.#sendAnnouncements();
  }

  async #sendAnnouncements(): Promise<void> {
    this.#announcing = true;
    try {
      while (this.#announcements.length > 0) {
        const [topic] = this.#announcements[0] as [string, string];
        const other = this.#announcements.findIndex(([one]) => one !== topic);
        const batch = this.#announcements.splice(0, Math.min(ENTRIES_PER_NOTIFICATION, other < 0 ? Infinity : other));
        await this.connection.notify(
          notificationOf(
            topic,
            batch.map(([, entry]) => entry),
          ),
        );
      }
    } catch (err) {
      this.#announcements.length = 0;
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
    for (const follower of this.#followers) await follower.read(this.connection.query);
    this.#heardAt = began;
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

  #hear(message: string): void {
    const [topic = '', data] = message.split(/:(.*)/s, 2);
    const follower = this.#followers.find((one) => one.topic === topic);
    if (follower?.hear !== undefined && data !== undefined) follower.hear(data);
    else this.catchUp().catch((error) => this.#tell(true, error));
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
