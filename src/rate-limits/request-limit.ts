import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { addressKey } from '../http/client-address.js';
import { clientContextOf } from '../http/client-context.js';
import type { RequestCounter } from '../http/request-counter.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { limitHeaders } from './limit-headers.js';
import { tooMany } from './rate-limits.js';
import { WindowCounters } from './window-counters.js';

/**
 * The limit on all requests from one address. Counted in the memory of the process, which costs next to nothing: with n
 * instances, an address may send up to n times as many.
 */
@Injectable()
export class RequestLimit implements RequestCounter {
  readonly #counters: WindowCounters;

  constructor(
    private readonly config: Config,
    clock: Clock,
    private readonly repeated: RepeatedEvents,
  ) {
    this.#counters = new WindowCounters(clock);
  }

  /** Counts a request. @returns undefined within the limit; otherwise the error, after recording it */
  check(request: FastifyRequest): Promise<TooManyRequests> | undefined {
    const rejection = this.count(request.ip);
    if (rejection === undefined) return undefined;
    const details = { code: TooManyRequests.code, limit: 'requests' };
    const recorded = this.repeated.recordRefused('limit.hit', { client: clientContextOf(request), details });
    return recorded.then(() => rejection);
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
    return tooMany(count, { ...limitHeaders('requests', rate, count), Connection: 'close' });
  }
}
