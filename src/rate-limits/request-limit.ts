import type { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { addressKey } from '../http/client-address.js';
import type { TooManyRequests } from '../problems/http.errors.js';
import { limitHeaders } from './limit-headers.js';
import { tooMany } from './rate-limits.js';
import { WindowCounters } from './window-counters.js';

/**
 * The limit on everything from one address, whatever it asks for. Counted in this process alone, so that it costs a
 * request next to nothing: with n instances, an address gets n times as much at the most.
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
   * Counts one more request from an address. Returns the refusal if it is over the limit: that answer also closes the
   * connection, so that what the caller has already sent behind this request is not read.
   */
  count(address: string | undefined): TooManyRequests | undefined {
    if (this.config.rateLimit !== 'on') return undefined;
    const rate = this.config.limits.requests;
    const count = this.#counters.count(addressKey(address), rate);
    if (count.used <= rate.quota) return undefined;
    return tooMany('requests', count, { ...limitHeaders('requests', rate, count), Connection: 'close' });
  }
}
