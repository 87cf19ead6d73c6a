import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Busy } from './passwords.errors.js';
import type { Turn } from './turn-queue.js';
import { TurnQueue } from './turn-queue.js';

interface Waiting {
  begin: () => void;
  timer: NodeJS.Timeout;
}

/**
 * The one semaphore round every hash and verification. As many run at once as leave a core for the event loop
 * (`HASH_CONCURRENCY`); the others wait, for `HASH_QUEUE_TIMEOUT` at the most. Kinds of callers, networks and addresses take
 * turns, so that one of them, however many it sends, holds up another by one hash and not by all of its own.
 */
@Injectable()
export class HashingQueue {
  #running = 0;
  /** The mean of the latest runs, in milliseconds. */
  #meanRun = 0;
  readonly #waiting = new TurnQueue<Waiting>();

  constructor(private readonly config: Config) {}

  /** How many wait now. */
  get depth(): number {
    return this.#waiting.size;
  }

  /**
   * Runs the work when its turn comes.
   *
   * @param turn whose turn it takes: see `HashingTurns`
   * @throws Busy when that does not come in time
   */
  async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.config.hashConcurrency) this.#running += 1;
    else await this.#wait(turn);
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
  #wait(turn: Turn): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        begin: () => {
          clearTimeout(waiting.timer);
          resolve();
        },
        timer: setTimeout(() => {
          this.#waiting.remove(turn, waiting);
          reject(new Busy({ retryAfterSeconds: this.#secondsToEmpty() }));
        }, this.config.hashQueueTimeout),
      };
      this.#waiting.push(turn, waiting);
    });
  }

  /** Hands the place to the one whose turn it is. */
  #next(): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#running -= 1;
    else waiting.begin();
  }

  /** When those who wait now will have had their turns. */
  #secondsToEmpty(): number {
    return Math.max(1, Math.ceil((this.depth * this.#meanRun) / this.config.hashConcurrency / 1000));
  }
}
