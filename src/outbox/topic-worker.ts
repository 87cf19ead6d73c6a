import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { UnsealFailed } from '../crypto/sealing.js';
import { backoff } from './backoff.js';
import { type Handler, Held, Undeliverable } from './entry.js';
import type { Claim, OutboxRows } from './outbox-rows.js';

/** The most deliveries at the same time. */
const CONCURRENCY = 5;
/**
 * The pause of a place after a delivery, in milliseconds. Otherwise a thousand entries would keep the main thread busy, and all
 * requests would wait for it. At most 125 entries per second and topic are delivered.
 */
const REST_MS = 40;
/** How often due entries are looked for, in milliseconds. */
const POLL_MS = 1000;
/** The wait before the result of a delivery is written again, in milliseconds. */
const WRITE_AGAIN_MS = 250;

/** Delivers the entries of one topic. It holds no transaction, and no connection, during a delivery. */
export class TopicWorker {
  readonly #inFlight = new Set<Promise<void>>();
  #resting = 0;
  readonly #logger = new Logger('Outbox');
  readonly #stopping = new AbortController();
  #nudge: () => void = () => {};
  /** Whether there may be due entries. */
  #due = true;
  #unreadable = false;
  #running: Promise<void> | undefined;

  constructor(
    private readonly topic: string,
    private readonly handler: Handler,
    private readonly rows: OutboxRows,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  wake(): void {
    this.#due = true;
    this.#nudge();
  }

  /** Starts no further delivery, and waits up to `withinMs` for those in flight. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    this.#nudge();
    const done = new AbortController();
    const finished = (async () => {
      await this.#running;
      while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    })();
    const tooLate = sleep(withinMs, undefined, { ref: false, signal: done.signal }).catch(() => {});
    await Promise.race([finished, tooLate]);
    done.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const free = CONCURRENCY - this.#inFlight.size - this.#resting;
      if (this.#due && free > 0) await this.#claim(free);
      else await this.#pause();
    }
  }

  /** Waits for a free place if there are due entries, else for {@link wake} or the next poll. */
  async #pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#nudge = resolve;
      if (!this.#due) timer = setTimeout(resolve, POLL_MS).unref();
    });
    clearTimeout(timer);
    this.#due = true;
  }

  /** Frees the place of a delivery after a pause. */
  #rest(): void {
    this.#resting += 1;
    setTimeout(() => {
      this.#resting -= 1;
      this.#nudge();
    }, REST_MS).unref();
  }

  async #claim(free: number): Promise<void> {
    // Reset before the statement: what is added meanwhile needs another one.
    this.#due = false;
    try {
      const claims = await this.rows.claim(this.topic, free, this.handler.leaseMs);
      if (claims.length === free) this.#due = true;
      for (const claim of claims) this.#begin(claim);
      this.#tell(false);
    } catch (error) {
      this.#tell(true, error);
    }
  }

  #begin(claim: Claim): void {
    const until = performance.now() + this.handler.leaseMs;
    const work = this.#stopping.signal.aborted ? this.rows.giveBack(claim) : this.#attempt(claim, until);
    const done = work
      .catch((err) =>
        this.#logger.warn({ err, msg: 'the result of a delivery could not be written', ...of(this, claim) }),
      )
      .finally(() => {
        this.#inFlight.delete(done);
        this.#rest();
      });
    this.#inFlight.add(done);
  }

  async #attempt(claim: Claim, until: number): Promise<void> {
    const write = await this.#outcome(claim);
    // If the result were lost, the entry would be delivered again.
    for (;;) {
      try {
        await write();
        return;
      } catch (error) {
        if (performance.now() + WRITE_AGAIN_MS > until) throw error;
        await sleep(WRITE_AGAIN_MS);
      }
    }
  }

  /** Delivers an entry. @returns what writes the result */
  async #outcome(claim: Claim): Promise<() => Promise<void>> {
    try {
      if (claim.expired) throw new Undeliverable('expired: it was not delivered within a day');
      const kept = await this.handler.deliver(this.rows.open(claim), claim);
      return () => this.rows.settle(claim, 'sent', { kept });
    } catch (thrown) {
      if (thrown instanceof Held) return () => this.rows.settle(claim, 'held', {});
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      if (thrown instanceof Undeliverable || thrown instanceof UnsealFailed) {
        this.#logger.error({ msg: 'not delivered, and not to be retried', ...of(this, claim), error });
        return () => this.rows.settle(claim, 'dead', { error });
      }
      return () => this.#postpone(claim, error);
    }
  }

  async #postpone(claim: Claim, error: string): Promise<void> {
    const state = await this.rows.postpone(claim, backoff(claim.attempts), error);
    const details = { ...of(this, claim), error };
    if (state === 'dead') this.#logger.error({ msg: 'not delivered within a day; no further attempts', ...details });
    // One line per entry: while the other system is down, all of them fail again and again.
    else if (claim.attempts === 1) this.#logger.warn({ msg: 'not delivered; it will be retried', ...details });
    else this.#logger.debug({ msg: 'not delivered; it will be retried', ...details });
  }

  /** Logs once when the table can't be read, and once when it can again. */
  #tell(unreadable: boolean, err?: unknown): void {
    if (unreadable === this.#unreadable || this.#stopping.signal.aborted) return;
    this.#unreadable = unreadable;
    if (unreadable) this.#logger.warn({ err, msg: 'the outbox can not be read', topic: this.topic });
    else this.#logger.log({ msg: 'the outbox is read again', topic: this.topic });
  }

  /** For the log. */
  get name(): string {
    return this.topic;
  }
}

const of = ({ name: topic }: TopicWorker, { id, attempts }: Claim) => ({ topic, id, attempts });
