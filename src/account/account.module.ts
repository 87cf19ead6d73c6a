import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CodesModule } from '../codes/codes.module.js';
import { LockoutModule } from '../lockout/lockout.module.js';
import { NoticesModule } from '../notices/notices.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { Account } from './account.js';
import { EventsController } from './events.controller.js';
import { ProfileController } from './profile.controller.js';
import { PasskeysController } from './security/passkeys.controller.js';
import { SecurityController } from './security/security.controller.js';
import { Security } from './security/security.js';
import { UserPasskeys } from './security/user-passkeys.js';
import { SessionsController } from './sessions.controller.js';
import { TrustedDevicesController } from './trusted-devices.controller.js';

/** The routes for a user's own account: profile, password, sessions, events, deletion. */
@Module({
  imports: [
    RateLimitsModule,
    LockoutModule,
    UsersModule,
    NoticesModule,
    PasswordsModule,
    SessionsModule,
    CodesModule,
    AuthModule,
  ],
  controllers: [
    ProfileController,
    SessionsController,
    EventsController,
    AccountController,
    SecurityController,
    PasskeysController,
    TrustedDevicesController,
  ],
  providers: [Account, Security, UserPasskeys],
})
export class AccountModule {}
