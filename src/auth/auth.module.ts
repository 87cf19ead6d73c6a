import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AbuseModule } from '../abuse/abuse.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessGuard } from './access.guard.js';
import { AccountController } from './account.controller.js';
import { Account } from './account.js';
import { AuthController } from './auth.controller.js';
import { CookieStrategy } from './cookie.strategy.js';
import { CsrfController } from './csrf.controller.js';
import { Csrf } from './csrf.js';
import { EventsController } from './events.controller.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LocalStrategy } from './local.strategy.js';
import { Login } from './login.js';
import { Logout } from './logout.js';
import { ProtectedController } from './protected.controller.js';
import { RefreshController } from './refresh.controller.js';
import { Registration } from './registration.js';
import { SessionCookieHeader } from './session-cookie-header.js';
import { SessionsController } from './sessions.controller.js';

/** The HTTP side of authentication. A new kind of credential is a strategy in this list. */
@Module({
  imports: [PassportModule, AbuseModule, UsersModule, PasswordsModule, TokensModule, SessionsModule],
  controllers: [
    AuthController,
    RefreshController,
    SessionsController,
    CsrfController,
    EventsController,
    AccountController,
    ProtectedController,
  ],
  providers: [
    LocalStrategy,
    JwtStrategy,
    CookieStrategy,
    SessionCookieHeader,
    Csrf,
    Registration,
    Login,
    Logout,
    Account,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
})
export class AuthModule {}
