import { Injectable } from '@nestjs/common';
import type { Mail, RenderedMail } from './mail.js';

/** Renders mails as plain text. */
@Injectable()
export class MailTemplates {
  async render({ name, contents }: Mail): Promise<RenderedMail> {
    const code = 'code' in contents ? `\n${contents.code}\n` : '';
    const text = `${contents.name}\n${code}\n${contents.link}\n`;
    const escaped = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
    return { subject: name, text, html: `<!doctype html><pre>${escaped}</pre>` };
  }
}
