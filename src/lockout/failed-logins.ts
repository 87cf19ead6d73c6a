import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Unavailable } from '../problems/http.errors.js';
import { ConcurrencyLimit } from '../rate-limits/concurrency-limit.js';
import { RateLimits } from '../rate-limits/rate-limits.js';

/** A login that counts against its address's quota of failed logins while it is checked. Call one method, once. */
export interface FailureReservation {
  /** The login failed, so it stays counted. */
  failed(): Promise<void>;
  /** The login succeeded or was not checked, so it is no longer counted. */
  release(): Promise<void>;
}

/** How many logins of one address an instance checks concurrently. Others wait. */
const MAX_CONCURRENT = 16;
const MAX_QUEUE_LENGTH = 1000;
const POLL_MS = 50;

/**
 * Limits the failed logins of an address. A login is counted before it is checked, and uncounted unless it fails. So the
 * quota also holds for concurrent logins on several instances. Failures have a second counter: if the quota is only used up
 * by logins that may still succeed, further logins wait instead of being rejected.
 */
@Injectable()
export class FailedLogins {
  readonly #concurrency: ConcurrencyLimit;

  constructor(
    private readonly limits: RateLimits,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    const width = Math.min(MAX_CONCURRENT, config.limits.failed_logins.quota);
    this.#concurrency = new ConcurrencyLimit(width, config.hashQueueTimeout, MAX_QUEUE_LENGTH);
  }

  /**
   * @param who an address, normalized by `addressKey`
   * @throws TooManyRequests if the quota is used up; Unavailable if the wait for other logins was too long
   */
  async reserve(who: string): Promise<FailureReservation> {
    const leave = await this.#concurrency.enter(who);
    if (leave === undefined) throw new Unavailable();
    try {
      const undo = await this.#take(who);
      return {
        failed: async () => {
          await this.limits.take('failed_logins', failuresOf(who)).finally(leave);
        },
        release: () => undo().finally(leave),
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** @returns a function that uncounts the login */
  async #take(who: string): Promise<() => Promise<void>> {
    const deadline = this.clock.monotonic() + this.config.hashQueueTimeout;
    for (;;) {
      const { rejection, undo } = await this.limits.take('failed_logins', who);
      if (rejection === undefined) return undo;
      await undo();
      if (this.clock.monotonic() >= deadline) throw rejection;
      if (await this.limits.isUsedUp('failed_logins', failuresOf(who))) throw rejection;
      await sleep(POLL_MS);
    }
  }
}

const failuresOf = (who: string) => `${who} failed`;
