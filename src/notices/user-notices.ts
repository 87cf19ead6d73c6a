import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { MailContents } from '../mail/mail.js';
import { Mails } from '../mail/mails.js';
import type { Entry } from '../outbox/entry.js';
import { Outbox } from '../outbox/outbox.js';
import { PATHS } from '../pages/page-routes.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { displayName } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

type Notices = Pick<
  MailContents,
  | 'new_device'
  | 'password_changed'
  | 'account_locked'
  | 'second_factor_added'
  | 'second_factor_removed'
  | 'recovery_code_used'
>;

/** Something that has happened to a user's account. */
export type Notice = {
  [Name in keyof Notices]: { userId: string; name: Name; facts: Omit<Notices[Name], 'name' | 'link' | 'at'> };
}[keyof Notices];

const TOPIC = 'notice';
/** Looking up a user and writing a mail takes milliseconds. The requests of a killed instance wait for the end of the lease. */
const LEASE_MS = 15_000;

/** The topic and the payload of a notice in the outbox, for code without the module graph. */
export function noticeEntry(notice: Notice, clock: Clock): [topic: string, payload: object] {
  return [TOPIC, { ...notice, at: clock.date().toISOString() }];
}

/**
 * Tells users by mail what has happened to their account. The notice is stored by the statement or transaction that causes it;
 * the address is looked up in the background. Only verified addresses get notices, and only as many as `LIMIT_MAILS` allows.
 */
@Injectable()
export class UserNotices implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly outbox: Outbox,
    private readonly mails: Mails,
    private readonly users: UsersService,
    private readonly limits: RateLimits,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.outbox.handle(TOPIC, {
      leaseMs: LEASE_MS,
      deliver: (payload, entry) => this.#deliver(payload as Notice & { at: string }, entry),
    });
  }

  /** Adds a notice in the transaction of the change. {@link wake} follows its commit. */
  async add(manager: EntityManager, notice: Notice): Promise<void> {
    await this.outbox.add(manager, ...noticeEntry(notice, this.clock));
  }

  /** The same, if the user gets notices at all. */
  async addIfVerified(manager: EntityManager, notice: Notice): Promise<void> {
    const user = await this.users.find(notice.userId, manager);
    if (user?.emailVerified) await this.add(manager, notice);
  }

  /** The parameter of {@link insertEntry}, for a statement that decides whether to add the notice. */
  parameter(notice: Notice): string {
    return this.outbox.parameter(...noticeEntry(notice, this.clock));
  }

  /** Sends added notices now. */
  wake(): void {
    this.outbox.wake();
  }

  async #deliver({ userId, name, facts, at }: Notice & { at: string }, entry: Entry): Promise<object> {
    const user = await this.users.find(userId);
    const { email, emailKey, emailVerified, disabledAt } = user ?? {};
    if (user === null || email == null || !emailVerified || disabledAt) return { name };
    if (!(await this.#isUnderLimit(emailKey as string))) return { name };
    const link = this.config.publicUrl + PATHS.forgot_password;
    const contents = { name: displayName(user), link, at, ...facts };
    // TypeScript does not relate the name to its contents.
    const mail = { name, to: email, language: user.language, contents } as Parameters<Mails['queue']>[1];
    await this.database.transaction(async (manager) => {
      await this.outbox.remove(manager, entry);
      await this.mails.queue(manager, mail);
    });
    this.outbox.wake();
    return { name };
  }

  async #isUnderLimit(emailKey: string): Promise<boolean> {
    if (!this.limits.enabled) return true;
    // Apart from the mails that are requested, so that nobody can use up the notices of somebody else.
    const { rejection } = await this.limits.take('mails', `notices ${emailKey}`);
    return rejection === undefined;
  }
}
