import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Busy } from './passwords.errors.js';

interface Waiting {
  begin: () => void;
  timer: NodeJS.Timeout;
}

/**
 * The one semaphore round every hash and verification. As many run at once as leave a core for the event loop
 * (`HASH_CONCURRENCY`); the others wait, for `HASH_QUEUE_TIMEOUT` at the most. Callers take turns, so that one of
 * them, however many it sends, holds up another by one hash and not by all of its own.
 */
@Injectable()
export class HashingQueue {
  #running = 0;
  #depth = 0;
  /** The mean of the latest runs, in milliseconds. */
  #meanRun = 0;
  /** Who waits, by caller; the map's order is the order of their turns. */
  readonly #callers = new Map<string, Waiting[]>();

  constructor(private readonly config: Config) {}

  /** How many wait now. */
  get depth(): number {
    return this.#depth;
  }

  /**
   * Runs the work when its turn comes.
   *
   * @param caller whose turn it takes: an address
   * @throws Busy when that does not come in time
   */
  async run<T>(caller: string, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.config.hashConcurrency) this.#running += 1;
    else await this.#turn(caller);
    const began = performance.now();
    try {
      return await work();
    } finally {
      const took = performance.now() - began;
      this.#meanRun = this.#meanRun === 0 ? took : this.#meanRun * 0.9 + took * 0.1;
      this.#next();
    }
  }

  /** Resolves when a place has been handed over. */
  #turn(caller: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        begin: () => {
          clearTimeout(waiting.timer);
          resolve();
        },
        timer: setTimeout(() => {
          this.#leave(caller, waiting);
          reject(new Busy({ retryAfterSeconds: this.#secondsToEmpty() }));
        }, this.config.hashQueueTimeout),
      };
      this.#depth += 1;
      const queue = this.#callers.get(caller);
      if (queue) queue.push(waiting);
      else this.#callers.set(caller, [waiting]);
    });
  }

  /** Hands the place to the first of the caller whose turn it is, and sends that caller to the end. */
  #next(): void {
    const first = this.#callers.entries().next().value;
    if (first === undefined) {
      this.#running -= 1;
      return;
    }
    const [caller, queue] = first;
    const waiting = queue.shift() as Waiting;
    this.#depth -= 1;
    this.#callers.delete(caller);
    if (queue.length > 0) this.#callers.set(caller, queue);
    waiting.begin();
  }

  #leave(caller: string, waiting: Waiting): void {
    const queue = this.#callers.get(caller) ?? [];
    queue.splice(queue.indexOf(waiting), 1);
    this.#depth -= 1;
    if (queue.length === 0) this.#callers.delete(caller);
  }

  /** When those who wait now will have had their turns. */
  #secondsToEmpty(): number {
    return Math.max(1, Math.ceil((this.#depth * this.#meanRun) / this.config.hashConcurrency / 1000));
  }
}
