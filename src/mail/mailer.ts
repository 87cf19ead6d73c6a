import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Cleanup } from '../database/cleanup.js';
import { type Entry, Held, Undeliverable } from '../outbox/entry.js';
import { Outbox } from '../outbox/outbox.js';
import type { Mail } from './mail.js';
import { MailTemplates } from './mail-templates.js';
import { MAIL_TOPIC } from './mails.js';
import { composeMessage } from './message.js';
import { redact } from './redact.js';
import { SmtpConnections } from './smtp-connections.js';
import { SmtpError } from './smtp-error.js';

/** What remains of a mail that was sent. */
export type SentMail = Pick<Mail, 'name' | 'to' | 'language'>;

/** Sends the mails of the outbox. Without `SMTP_URL`, it holds them, and logs their links for a developer. */
@Injectable()
export class Mailer implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Mail');
  readonly #connections: SmtpConnections | undefined;

  constructor(
    private readonly config: Config,
    private readonly templates: MailTemplates,
    private readonly outbox: Outbox,
    private readonly cleanup: Cleanup,
  ) {
    const { smtp, mailTimeout } = config;
    this.#connections = smtp && new SmtpConnections(smtp, mailTimeout);
    // Half of the lease is for writing the result.
    outbox.handle(MAIL_TOPIC, {
      deliver: (payload, entry) => this.#deliver(payload as Mail, entry),
      leaseMs: 2 * mailTimeout,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.#connections === undefined) {
      this.#logger.warn('SMTP_URL is not set: mails are held and not sent, and their links are logged (docs/mail.md)');
      return;
    }
    const deliverHeld = async () => void (await this.outbox.deliverHeld(MAIL_TOPIC));
    // Later, too: an instance that still runs without SMTP_URL may hold more of them.
    this.cleanup.alsoRun(deliverHeld);
    await deliverHeld();
  }

  onApplicationShutdown(): void {
    this.#connections?.close();
  }

  async #deliver(mail: Mail, entry: Entry): Promise<SentMail> {
    const { name, to, language, contents } = mail;
    if (this.#connections === undefined) {
      this.#logger.log({ msg: 'a mail is held', mail: name, to, link: contents.link });
      throw new Held();
    }
    const { mailFrom: from, mailReplyTo: replyTo } = this.config;
    const rendered = this.templates.render(mail);
    const message = await composeMessage({ id: entry.id, date: entry.createdAt, from, replyTo, to }, rendered);
    try {
      await this.#connections.send({ from: from.address, to: [to] }, message);
    } catch (error) {
      if (!(error instanceof SmtpError)) throw error;
      const reason = redact(error.message, mail);
      throw error.permanent ? new Undeliverable(reason) : new Error(reason);
    }
    return { name, to, language };
  }
}
