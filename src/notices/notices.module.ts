import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { UsersModule } from '../users/users.module.js';
import { UserNotices } from './user-notices.js';

/** Mails to users about their account. */
@Module({
  imports: [MailModule, UsersModule, RateLimitsModule],
  providers: [UserNotices],
  exports: [UserNotices],
})
export class NoticesModule {}
