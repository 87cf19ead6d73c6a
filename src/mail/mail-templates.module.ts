import { Module } from '@nestjs/common';
import { TemplatesModule } from '../templates/templates.module.js';
import { MailTemplates } from './mail-templates.js';

@Module({ imports: [TemplatesModule], providers: [MailTemplates], exports: [MailTemplates] })
export class MailTemplatesModule {}
