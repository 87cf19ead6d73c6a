import { Module } from '@nestjs/common';
import { EmailModule } from '../email/email.module.js';
import { SignInModule } from '../sign-in.module.js';
import { MailCodeController } from './mail-code.controller.js';
import { MailSignIn } from './mail-sign-in.js';

/** The credential of a code that is sent by mail. */
@Module({
  imports: [SignInModule, EmailModule],
  controllers: [MailCodeController],
  providers: [MailSignIn],
  exports: [MailSignIn],
})
export class MailCodeModule {}
