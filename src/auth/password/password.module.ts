import { Module } from '@nestjs/common';
import { PasswordsModule } from '../../passwords/passwords.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { SignInModule } from '../sign-in.module.js';
import { LocalStrategy } from './local.strategy.js';
import { LoginController } from './login.controller.js';
import { PasswordCredential } from './password-credential.js';
import { PasswordResetController } from './password-reset.controller.js';
import { PasswordReset } from './password-reset.js';
import { RegistrationController } from './registration.controller.js';
import { Registration } from './registration.js';
import { SelfRegistration } from './self-registration.js';

/** The credential of a name and a password. */
@Module({
  imports: [SignInModule, PasswordsModule, SessionsModule],
  controllers: [RegistrationController, LoginController, PasswordResetController],
  providers: [LocalStrategy, PasswordCredential, Registration, SelfRegistration, PasswordReset],
  exports: [PasswordReset],
})
export class PasswordModule {}
