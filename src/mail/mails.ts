import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Outbox } from '../outbox/outbox.js';
import type { Mail } from './mail.js';

/** The topic of mails in the outbox. */
export const MAIL_TOPIC = 'mail';

/** Queues mails. They are sent after the commit of the transaction that queues them. */
@Injectable()
export class Mails {
  constructor(private readonly outbox: Outbox) {}

  /** Queues a mail in the caller's transaction. Call {@link wake} after the commit. */
  async queue(manager: EntityManager, mail: Mail): Promise<void> {
    await this.outbox.add(manager, MAIL_TOPIC, mail);
  }

  /** Sends queued mails now. Without it, they are sent within a second. */
  wake(): void {
    this.outbox.wake();
  }
}
