import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccessGuard } from './access/access.guard.js';
import { CookieStrategy } from './access/cookie.strategy.js';
import { CsrfController } from './access/csrf.controller.js';
import { JwtStrategy } from './access/jwt.strategy.js';
import { AccessTokenController } from './access-token.controller.js';
import { EmailModule } from './email/email.module.js';
import { LogoutController } from './logout.controller.js';
import { Logout } from './logout.js';
import { MailCodeModule } from './mail-code/mail-code.module.js';
import { AccountPagesModule } from './pages/account-pages.module.js';
import { PasskeyModule } from './passkey/passkey.module.js';
import { PasswordModule } from './password/password.module.js';
import { ProtectedController } from './protected.controller.js';
import { RefreshController } from './refresh.controller.js';
import { SecondFactorModule } from './second-factor/second-factor.module.js';
import { SignInModule } from './sign-in.module.js';
import { StepUpModule } from './step-up/step-up.module.js';
import { VerifyController } from './verify.controller.js';

/** The modules of the credentials that users can sign in with. */
const CREDENTIALS = [PasswordModule, MailCodeModule, PasskeyModule];

/** The routes and guards of authentication. */
@Module({
  imports: [
    ...CREDENTIALS,
    EmailModule,
    AccountPagesModule,
    PassportModule,
    RateLimitsModule,
    TokensModule,
    SessionsModule,
    SignInModule,
    SecondFactorModule,
    StepUpModule,
  ],
  controllers: [
    RefreshController,
    LogoutController,
    CsrfController,
    AccessTokenController,
    VerifyController,
    ProtectedController,
  ],
  providers: [JwtStrategy, CookieStrategy, Logout, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [SignInModule],
})
export class AuthModule {}
