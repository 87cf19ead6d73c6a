import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { MailContents } from '../mail/mail.js';
import { Mails } from '../mail/mails.js';
import { displayName, User } from './user.entity.js';

type Notices = Pick<MailContents, 'new_device' | 'password_changed' | 'account_locked'>;

/** The page for a forgotten password, to which notices link. */
export const FORGOT_PASSWORD_PAGE = '/account/forgot-password';

/** Tells users by mail what has happened to their account. Only verified addresses get notices. */
@Injectable()
export class UserNotices {
  constructor(
    private readonly mails: Mails,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Queues a notice in the transaction of the change. */
  async send<Name extends keyof Notices>(
    manager: EntityManager,
    userId: string,
    name: Name,
    facts: Omit<Notices[Name], 'name' | 'link' | 'at'>,
  ): Promise<void> {
    const user = await manager.findOneBy(User, { id: userId });
    if (user?.email == null || !user.emailVerified || user.disabledAt !== null) return;
    const common = {
      name: displayName(user),
      link: this.config.publicUrl + FORGOT_PASSWORD_PAGE,
      at: this.clock.date().toISOString(),
    };
    // TypeScript does not relate the name to its contents.
    const mail = { name, to: user.email, language: user.language, contents: { ...common, ...facts } };
    await this.mails.queue(manager, mail as Parameters<Mails['queue']>[1]);
  }
}
