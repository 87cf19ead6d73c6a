import { Module } from '@nestjs/common';
import { PasswordsModule } from '../../passwords/passwords.module.js';
import { SignInModule } from '../sign-in.module.js';
import { LocalStrategy } from './local.strategy.js';
import { LoginController } from './login.controller.js';
import { PasswordCredential } from './password-credential.js';
import { RegistrationController } from './registration.controller.js';
import { Registration } from './registration.js';

/** The credential of a name and a password. */
@Module({
  imports: [SignInModule, PasswordsModule],
  controllers: [RegistrationController, LoginController],
  providers: [LocalStrategy, PasswordCredential, Registration],
})
export class PasswordModule {}
