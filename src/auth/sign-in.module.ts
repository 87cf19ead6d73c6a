import { Module } from '@nestjs/common';
import { LockoutModule } from '../lockout/lockout.module.js';
import { NoticesModule } from '../notices/notices.module.js';
import { PasskeysModule } from '../passkeys/passkeys.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SecondFactorsModule } from '../second-factors/second-factors.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { Csrf } from './access/csrf.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';
import { EmailVerificationModule } from './email/email-verification.module.js';
import { Reauthentication } from './reauthentication.js';
import { PendingSignIns } from './second-factor/pending-sign-ins.js';
import { SecondFactorCheck } from './second-factor/second-factor-check.js';
import { SignIn } from './sign-in.js';
import { SignInResponder } from './sign-in.responder.js';
import { AuthenticationCheck } from './step-up/required-auth.js';
import { SensitiveChanges } from './step-up/sensitive-changes.js';

/** The providers that every credential needs to start sessions and to limit attempts. */
@Module({
  imports: [
    RateLimitsModule,
    LockoutModule,
    UsersModule,
    SessionsModule,
    NoticesModule,
    EmailVerificationModule,
    SecondFactorsModule,
    PasskeysModule,
  ],
  providers: [
    SignIn,
    SignInResponder,
    PendingSignIns,
    SecondFactorCheck,
    AuthenticationCheck,
    SensitiveChanges,
    Reauthentication,
    Csrf,
    SessionCookieHeader,
  ],
  exports: [
    SignIn,
    SignInResponder,
    Reauthentication,
    Csrf,
    SessionCookieHeader,
    RateLimitsModule,
    LockoutModule,
    UsersModule,
    NoticesModule,
    EmailVerificationModule,
    SecondFactorsModule,
    PasskeysModule,
    PendingSignIns,
    SecondFactorCheck,
    AuthenticationCheck,
    SensitiveChanges,
  ],
})
export class SignInModule {}
