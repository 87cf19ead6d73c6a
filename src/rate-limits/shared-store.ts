import {
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterStoreAbstract,
} from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import type { LimitName } from '../config/limits.js';
import type { Rate } from '../config/setting.js';
import type { Count, RateStore } from './rate-store.js';
import type { RedisConnection } from './redis-connection.js';

interface Options {
  keyPrefix: LimitName;
  points: number;
  duration: number;
  inMemoryBlockOnConsumed?: number;
}

/**
 * Limits whose counters are also decremented. Rejections are not cached for them, because a decrement would not clear the cache.
 * The limit `logins` bounds floods.
 */
const GIVEN_BACK: ReadonlySet<LimitName> = new Set(['failed_logins', 'second_factors']);

/** Shared counters by rate-limiter-flexible: each step is one SQL statement or one Redis script. */
export class SharedStore implements RateStore {
  readonly #limiters = new Map<LimitName, RateLimiterStoreAbstract>();

  private constructor(private readonly create: (options: Options) => RateLimiterStoreAbstract) {}

  /** In the table `rate_limits`. */
  static inPostgres(database: DataSource): SharedStore {
    const common = { storeClient: database, storeType: 'typeorm', tableName: 'rate_limits', tableCreated: true };
    return new SharedStore(
      (options) => new RateLimiterPostgres({ ...options, ...common, clearExpiredByTimeout: false }),
    );
  }

  static inRedis({ client }: RedisConnection): SharedStore {
    return new SharedStore(
      ({ keyPrefix, ...options }) =>
        new RateLimiterRedis({
          ...options,
          keyPrefix: `portero:${keyPrefix}`,
          storeClient: client,
          useRedisPackage: true,
          rejectIfRedisNotReady: true,
        }),
    );
  }

  async take(limit: LimitName, key: string, rate: Rate): Promise<Count> {
    try {
      const { consumedPoints, msBeforeNext } = await this.#limiter(limit, rate).consume(key);
      return { used: consumedPoints, msLeft: msBeforeNext };
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      // A cached rejection has no count.
      return { used: Math.max(rejection.consumedPoints, rate.quota + 1), msLeft: rejection.msBeforeNext };
    }
  }

  async read(limit: LimitName, key: string, rate: Rate): Promise<Count> {
    const count = await this.#limiter(limit, rate).get(key);
    return { used: count?.consumedPoints ?? 0, msLeft: Math.max(0, count?.msBeforeNext ?? 0) };
  }

  async undo(limit: LimitName, key: string, rate: Rate): Promise<void> {
    await this.#limiter(limit, rate).reward(key);
  }

  #limiter(limit: LimitName, { quota, windowSeconds }: Rate): RateLimiterStoreAbstract {
    let limiter = this.#limiters.get(limit);
    if (limiter === undefined) {
      // Rejections are cached until the window ends, so a flood causes no writes.
      const memory = GIVEN_BACK.has(limit) ? {} : { inMemoryBlockOnConsumed: quota + 1 };
      limiter = this.create({ keyPrefix: limit, points: quota, duration: windowSeconds, ...memory });
      this.#limiters.set(limit, limiter);
    }
    return limiter;
  }
}
