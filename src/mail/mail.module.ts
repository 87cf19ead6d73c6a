import { Module } from '@nestjs/common';
import { OutboxModule } from '../outbox/outbox.module.js';
import { MailTemplates } from './mail-templates.js';
import { Mailer } from './mailer.js';
import { Mails } from './mails.js';

/** Mail to users, through the outbox. */
@Module({
  imports: [OutboxModule],
  providers: [Mails, Mailer, MailTemplates],
  exports: [Mails],
})
export class MailModule {}
