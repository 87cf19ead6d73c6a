import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Unavailable } from '../problems/http.errors.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** A place in an address's quota of failed logins. End it once. */
export interface FailureReservation {
  /** The login failed: the place stays taken. */
  failed(): Promise<void>;
  /** It succeeded, or nothing was checked. */
  release(): Promise<void>;
}

/** How many logins of one address an instance checks at once; the others wait for their outcome. */
const MOST_AT_ONCE = 16;
const LONGEST_QUEUE = 1000;
const POLL_MS = 50;

/**
 * The quota of failed logins of an address. A login takes a place before it is checked and gives it back unless it
 * fails, so that no more than the quota are checked and fail, however many come at once, on any number of instances.
 * Failures are also counted on their own: while places are taken by logins that may still succeed, others wait for the
 * outcome instead of being refused.
 */
@Injectable()
export class FailedLogins {
  readonly #gate: ConcurrencyLimit;

  constructor(
    private readonly limits: RateLimits,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    const width = Math.min(MOST_AT_ONCE, config.limits.failed_logins.quota);
    this.#gate = new ConcurrencyLimit(width, config.hashQueueTimeout, LONGEST_QUEUE);
  }

  /**
   * @param who an address, folded by `addressKey`
   * @throws TooManyRequests where the quota is used up; Unavailable where the wait for others was too long
   */
  async reserve(who: string): Promise<FailureReservation> {
    const leave = await this.#gate.enter(who);
    if (leave === undefined) throw new Unavailable();
    try {
      const giveBack = await this.#take(who);
      return {
        failed: async () => {
          await this.limits.take('failed_logins', failuresOf(who)).finally(leave);
        },
        release: () => giveBack().finally(leave),
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** @returns what gives the place back */
  async #take(who: string): Promise<() => Promise<void>> {
    const patience = this.clock.monotonic() + this.config.hashQueueTimeout;
    for (;;) {
      const { refusal, giveBack } = await this.limits.take('failed_logins', who);
      if (refusal === undefined) return giveBack;
      await giveBack();
      if (this.clock.monotonic() >= patience) throw refusal;
      if (await this.limits.isUsedUp('failed_logins', failuresOf(who))) throw refusal;
      await sleep(POLL_MS);
    }
  }
}

const failuresOf = (who: string) => `${who} failed`;
