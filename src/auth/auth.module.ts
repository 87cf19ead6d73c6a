import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { LockoutModule } from '../lockout/lockout.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessGuard } from './access/access.guard.js';
import { CookieStrategy } from './access/cookie.strategy.js';
import { CsrfController } from './access/csrf.controller.js';
import { Csrf } from './access/csrf.js';
import { JwtStrategy } from './access/jwt.strategy.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';
import { AuthController } from './auth.controller.js';
import { Logout } from './logout.js';
import { LocalStrategy } from './password/local.strategy.js';
import { Login } from './password/login.js';
import { Registration } from './password/registration.js';
import { ProtectedController } from './protected.controller.js';
import { RefreshController } from './refresh.controller.js';

/** The HTTP side of authentication. A new kind of credential is a strategy in this list. */
@Module({
  imports: [
    PassportModule,
    RateLimitsModule,
    LockoutModule,
    UsersModule,
    PasswordsModule,
    TokensModule,
    SessionsModule,
  ],
  controllers: [AuthController, RefreshController, CsrfController, ProtectedController],
  providers: [
    LocalStrategy,
    JwtStrategy,
    CookieStrategy,
    SessionCookieHeader,
    Csrf,
    Registration,
    Login,
    Logout,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [SessionCookieHeader],
})
export class AuthModule {}
