import { Module } from '@nestjs/common';
import { NoticesModule } from '../notices/notices.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { DeviceCookie } from './device-cookie.js';
import { FailedLogins } from './failed-logins.js';
import { HashingTurns } from './hashing-turns.js';
import { Lockout } from './lockout.js';
import { PasswordAttempts } from './password-attempts.js';

/** Failed password attempts: who is locked out, which devices are known, and who may use the hashing queue. */
@Module({
  imports: [RateLimitsModule, NoticesModule],
  providers: [FailedLogins, HashingTurns, Lockout, DeviceCookie, PasswordAttempts],
  exports: [DeviceCookie, HashingTurns, PasswordAttempts],
})
export class LockoutModule {}
