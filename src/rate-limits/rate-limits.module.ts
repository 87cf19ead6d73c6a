import { Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Config } from '../config/config.js';
import { ChecksOverLimit } from './checks-over-limit.js';
import { ExpiredCounts } from './expired-counts.js';
import { RateLimits } from './rate-limits.js';
import { RateStore } from './rate-store.js';
import { RedisConnection } from './redis-connection.js';
import { RequestLimit } from './request-limit.js';
import { SharedStore } from './shared-store.js';

const REDIS = {
  provide: RedisConnection,
  inject: [Config],
  useFactory: ({ rateLimit, redisUrl }: Config) =>
    redisUrl !== undefined && rateLimit === 'on' ? RedisConnection.to(redisUrl) : undefined,
};

/** Redis if it is set, else PostgreSQL. With the embedded database there is one process, so its memory is enough. */
const STORE = {
  provide: RateStore,
  inject: [Config, { token: RedisConnection, optional: true }, getDataSourceToken()],
  useFactory: ({ databaseUrl }: Config, redis: RedisConnection | undefined, database: DataSource) => {
    if (redis !== undefined) return SharedStore.inRedis(redis);
    return databaseUrl === undefined ? undefined : SharedStore.inPostgres(database);
  },
};

/** Rate limits by address, account, client and session, and the stores of their counters. */
@Module({
  providers: [REDIS, STORE, RateLimits, RequestLimit, ChecksOverLimit, ExpiredCounts],
  exports: [RateLimits, RequestLimit],
})
export class RateLimitsModule {}
