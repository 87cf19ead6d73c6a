import { Module } from '@nestjs/common';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { SignInModule } from '../sign-in.module.js';
import { MailCodeController } from './mail-code.controller.js';
import { MailSignIn } from './mail-sign-in.js';

/** The credential of a code that is sent by mail. */
@Module({
  imports: [SignInModule, SessionsModule],
  controllers: [MailCodeController],
  providers: [MailSignIn],
  exports: [MailSignIn],
})
export class MailCodeModule {}
