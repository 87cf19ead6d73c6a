import { Module } from '@nestjs/common';
import { LockoutModule } from '../lockout/lockout.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { Csrf } from './access/csrf.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';
import { Reauthentication } from './reauthentication.js';
import { SignInAnswer } from './sign-in.answer.js';
import { SignIn } from './sign-in.js';

/** All that a credential needs: how its proof becomes a session, and how its attempts are limited. */
@Module({
  imports: [RateLimitsModule, LockoutModule, UsersModule, SessionsModule],
  providers: [SignIn, SignInAnswer, Reauthentication, Csrf, SessionCookieHeader],
  exports: [
    SignIn,
    SignInAnswer,
    Reauthentication,
    Csrf,
    SessionCookieHeader,
    RateLimitsModule,
    LockoutModule,
    UsersModule,
  ],
})
export class SignInModule {}
