import type { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { addressKey } from '../http/client-address.js';
import type { TooManyRequests } from '../problems/http.errors.js';
import { limitHeaders } from './limit-headers.js';
import { tooMany } from './rate-limits.js';
import { WindowCounters } from './window-counters.js';

/**
 * The limit on all requests from one address. Counted in the memory of the process, which costs next to nothing: with n
 * instances, an address may send up to n times as many.
 */
export class RequestLimit {
  readonly #counters: WindowCounters;

  constructor(
    private readonly config: Config,
    clock: Clock,
  ) {
    this.#counters = new WindowCounters(clock);
  }

  /**
   * Counts a request from an address. Returns an error if it is over the limit; its response also closes the connection, so
   * that pipelined requests are not read.
   */
  count(address: string | undefined): TooManyRequests | undefined {
    if (this.config.rateLimit !== 'on') return undefined;
    const rate = this.config.limits.requests;
    const count = this.#counters.count(addressKey(address), rate);
    if (count.used <= rate.quota) return undefined;
    return tooMany('requests', count, { ...limitHeaders('requests', rate, count), Connection: 'close' });
  }
}
