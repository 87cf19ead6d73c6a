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
 * Limits how many passwords are hashed and verified in parallel (`HASH_CONCURRENCY`), so that they never occupy the whole thread
 * pool. The others wait, at most for `HASH_QUEUE_TIMEOUT`. Fair queueing: kinds of clients, networks and addresses take turns,
 * so a flood from one of them delays another by one hash.
 */
@Injectable()
export class HashingQueue {
  #running = 0;
  /** The moving average of the duration, in milliseconds. */
  #meanRun = 0;
  readonly #waiting = new TurnQueue<Waiting>();

  constructor(private readonly config: Config) {}

  /** How many hashes are waiting. */
  get depth(): number {
    return this.#waiting.size;
  }

  /**
   * Runs the work when it is its turn.
   *
   * @param turn the groups that take turns: see `HashingTurns`
   * @throws Busy after `HASH_QUEUE_TIMEOUT`
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

  /** Resolves when a slot is free for this one. */
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

  /** Passes the slot to the next one. */
  #next(): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#running -= 1;
    else waiting.begin();
  }

  /** The estimated time until the queue is empty. */
  #secondsToEmpty(): number {
    return Math.max(1, Math.ceil((this.depth * this.#meanRun) / this.config.hashConcurrency / 1000));
  }
}
