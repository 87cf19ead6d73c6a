import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { LimitName } from '../config/limits.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { limitHeaders } from './limit-headers.js';
import { type Count, RateStore } from './rate-store.js';
import { WindowCounters } from './window-counters.js';

/** The result of counting a request. */
export interface Taken {
  /** The `RateLimit` response headers. */
  headers: Record<string, string>;
  /** The error, if the request is over the limit. */
  rejection?: TooManyRequests;
  /** Subtracts it again, unless its window has ended. Never throws. */
  undo(): Promise<void>;
}

/** The timeout of the store, and how long it is not asked after a failure. Milliseconds. */
const STORE_TIMEOUT_MS = 1000;
const STORE_REST_MS = 1000;

/**
 * Rate limits, counted in the shared store of all instances, or in memory if there is none. If the store fails, each instance
 * applies the same limits in its own memory.
 */
@Injectable()
export class RateLimits {
  readonly #logger = new Logger(RateLimits.name);
  readonly #memory: WindowCounters;
  #restUntil = 0;
  #failing = false;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly hash: KeyedHash,
    @Inject(RateStore) private readonly store: RateStore | undefined,
  ) {
    this.#memory = new WindowCounters(clock);
  }

  get enabled(): boolean {
    return this.config.rateLimit === 'on';
  }

  /** Counts a request of `who`: a user id, or an address as returned by {@link addressKey}. */
  async take(limit: LimitName, who: string): Promise<Taken> {
    const rate = this.config.limits[limit];
    const key = this.hash.of(limit, who).toString('base64url');
    const [count, store] = await this.#ask((one) => one.take(limit, key, rate));
    const endsAt = this.clock.now() + count.msLeft;
    const headers = limitHeaders(limit, rate, count);
    return {
      headers,
      ...(count.used > rate.quota ? { rejection: tooMany(count, headers) } : {}),
      undo: async () => {
        if (this.clock.now() >= endsAt) return;
        await within(STORE_TIMEOUT_MS, store.undo(limit, key, rate)).catch((error) => this.#rest(error));
      },
    };
  }

  /** Whether the quota of `who` is used up. Does not count. */
  async isUsedUp(limit: LimitName, who: string): Promise<boolean> {
    const rate = this.config.limits[limit];
    const key = this.hash.of(limit, who).toString('base64url');
    const [{ used }] = await this.#ask((store) => store.read(limit, key, rate));
    return used >= rate.quota;
  }

  /** Uses the shared store, or the memory if the store fails. */
  async #ask(question: (store: RateStore) => Promise<Count>): Promise<[Count, RateStore]> {
    if (this.store !== undefined && this.clock.now() >= this.#restUntil) {
      try {
        const count = await within(STORE_TIMEOUT_MS, question(this.store));
        if (this.#failing) this.#logger.log('the store of the rate limits answers again');
        this.#failing = false;
        return [count, this.store];
      } catch (error) {
        this.#rest(error);
      }
    }
    return [await question(this.#memory), this.#memory];
  }

  #rest(err: unknown): void {
    this.#restUntil = this.clock.now() + STORE_REST_MS;
    if (this.#failing) return;
    this.#failing = true;
    this.#logger.warn({ err, msg: 'the store of the rate limits fails; this instance counts in its own memory' });
  }
}

/** The error for a request over a limit. */
export function tooMany({ msLeft }: Count, headers: Record<string, string>): TooManyRequests {
  return new TooManyRequests({ headers, retryAfterSeconds: Math.max(1, Math.ceil(msLeft / 1000)) });
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
