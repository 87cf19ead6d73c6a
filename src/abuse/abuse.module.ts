import { Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Config } from '../config/config.js';
import { DeviceCookie } from './device-cookie.js';
import { ExpiredCounts } from './expired-counts.js';
import { FailedLogins } from './failed-logins.js';
import { HashingTurns } from './hashing-turns.js';
import { KeyedHash } from './keyed-hash.js';
import { Lockout } from './lockout.js';
import { PasswordAttempts } from './password-attempts.js';
import { RateLimits } from './rate-limits.js';
import { RateStore } from './rate-store.js';
import { RedisConnection } from './redis-connection.js';
import { SharedStore } from './shared-store.js';

const REDIS = {
  provide: RedisConnection,
  inject: [Config],
  useFactory: ({ rateLimit, redisUrl }: Config) =>
    redisUrl !== undefined && rateLimit === 'on' ? new RedisConnection(redisUrl) : undefined,
};

/** Redis where it is set, else PostgreSQL; the embedded database has one process, whose memory is enough. */
const STORE = {
  provide: RateStore,
  inject: [Config, { token: RedisConnection, optional: true }, getDataSourceToken()],
  useFactory: ({ databaseUrl }: Config, redis: RedisConnection | undefined, database: DataSource) => {
    if (redis !== undefined) return SharedStore.inRedis(redis);
    return databaseUrl === undefined ? undefined : SharedStore.inPostgres(database);
  },
};

/** How often one may call, and how often guess. */
@Module({
  providers: [
    KeyedHash,
    REDIS,
    STORE,
    RateLimits,
    FailedLogins,
    HashingTurns,
    Lockout,
    DeviceCookie,
    PasswordAttempts,
    ExpiredCounts,
  ],
  exports: [RateLimits, DeviceCookie, HashingTurns, PasswordAttempts],
})
export class AbuseModule {}
