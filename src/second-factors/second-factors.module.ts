import { Module } from '@nestjs/common';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RecoveryCodes } from './recovery-codes.js';
import { SecondFactors } from './second-factors.js';
import { Totp } from './totp.js';

/** The second factors of users. */
@Module({
  imports: [PasswordsModule],
  providers: [SecondFactors, Totp, RecoveryCodes],
  exports: [SecondFactors, Totp, RecoveryCodes],
})
export class SecondFactorsModule {}
