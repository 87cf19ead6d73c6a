import { Module } from '@nestjs/common';
import { NoticesModule } from '../notices/notices.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { FactorChanges } from './factor-changes.js';
import { RecoveryCodes } from './recovery-codes.js';
import { SecondFactorTries } from './second-factor-tries.js';
import { SecondFactors } from './second-factors.js';
import { Totp } from './totp.js';
import { TotpResealing } from './totp-resealing.js';
import { TrustedDevices } from './trusted-devices.js';

/** The second factors of users. */
@Module({
  imports: [PasswordsModule, NoticesModule, RateLimitsModule],
  providers: [SecondFactors, Totp, TotpResealing, RecoveryCodes, FactorChanges, SecondFactorTries, TrustedDevices],
  exports: [SecondFactors, Totp, RecoveryCodes, FactorChanges, SecondFactorTries, TrustedDevices],
})
export class SecondFactorsModule {}
