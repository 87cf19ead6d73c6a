import { Module } from '@nestjs/common';
import { CodesModule } from '../../codes/codes.module.js';
import { MailModule } from '../../mail/mail.module.js';
import { RateLimitsModule } from '../../rate-limits/rate-limits.module.js';
import { UsersModule } from '../../users/users.module.js';
import { CodeMails } from './code-mails.js';
import { EmailVerification } from './email-verification.js';
import { MailRequests } from './mail-requests.js';

/** The mails with one-time codes, and the verification of addresses, which sign-ins may require. */
@Module({
  imports: [CodesModule, MailModule, UsersModule, RateLimitsModule],
  providers: [CodeMails, MailRequests, EmailVerification],
  exports: [CodesModule, MailModule, CodeMails, MailRequests, EmailVerification],
})
export class EmailVerificationModule {}
