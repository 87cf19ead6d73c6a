import { Module } from '@nestjs/common';
import { OutboxModule } from '../outbox/outbox.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { MailTemplates } from './mail-templates.js';
import { Mailer } from './mailer.js';
import { Mails } from './mails.js';

/** Mail to users, through the outbox. */
@Module({
  imports: [OutboxModule, TemplatesModule],
  providers: [Mails, Mailer, MailTemplates],
  exports: [Mails],
})
export class MailModule {}
