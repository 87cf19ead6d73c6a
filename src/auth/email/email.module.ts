import { Module } from '@nestjs/common';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { SignInModule } from '../sign-in.module.js';
import { EmailController } from './email.controller.js';
import { EmailChange } from './email-change.js';
import { EmailVerificationModule } from './email-verification.module.js';

/** The address of a user: its verification and its change. */
@Module({
  imports: [SignInModule, SessionsModule, EmailVerificationModule],
  controllers: [EmailController],
  providers: [EmailChange],
  exports: [EmailChange, EmailVerificationModule],
})
export class EmailModule {}
