import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import type { CodeEvidence } from '../../codes/code.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { Codes, type PresentedCode } from '../../codes/codes.js';
import type { ClientContext } from '../../http/client-context.js';
import { Outbox } from '../../outbox/outbox.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { CodeMails, type PendingUser } from './code-mails.js';
import { MailRequests } from './mail-requests.js';

/** The least time between two mails that nobody requested, in milliseconds. */
const REMIND_EVERY_MS = 60_000;
const KIND = 'verify_email';

/** Lets users prove that they receive the mail of their address. */
@Injectable()
export class EmailVerification implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly requests: MailRequests,
    private readonly outbox: Outbox,
    private readonly codes: Codes,
    private readonly mails: CodeMails,
    private readonly users: UsersService,
    private readonly audit: AuditLog,
  ) {}

  onModuleInit(): void {
    this.requests.handle<{ userId: string }>(KIND, async ({ userId }) => {
      const user = await this.users.find(userId);
      if (user?.emailKey == null || user.emailVerified || !(await this.requests.mayMail(user.emailKey)))
        return undefined;
      return async (manager) => void (await this.mails.verifyEmail(manager, user));
    });
  }

  /** Sends a mail with a code, unless the user has no address or has verified it. @throws TooManyRequests */
  async request(userId: string): Promise<void> {
    const user = await this.users.find(userId);
    if (user?.emailKey == null || user.emailVerified) return;
    await this.requests.countMail(user.emailKey);
    await this.database.transaction((manager) => this.mails.verifyEmail(manager, user));
    this.outbox.wake();
  }

  /** Queues a mail to a new user, in the transaction that creates them. */
  async welcome(manager: EntityManager, userId: string): Promise<void> {
    await this.requests.add(KIND, { userId }, manager);
  }

  /** Sends a mail, unless one was sent within the last minute. */
  async remind(user: User): Promise<void> {
    if (user.emailKey === null || (await this.requests.isUsedUp(user.emailKey))) return;
    const sent = await this.database.transaction((manager) =>
      this.mails.verifyEmail(manager, user, { notWithinMs: REMIND_EVERY_MS }),
    );
    if (!sent) return;
    await this.requests.mayMail(user.emailKey);
    this.outbox.wake();
  }

  /**
   * Marks an address as verified, or creates the user of a private registration.
   *
   * @throws CodeInvalid, CodeExpired; UsernameTaken if another user took the name of the registration
   */
  async verify(evidence: CodeEvidence, client: ClientContext): Promise<void> {
    const code = await this.codes.check('verify_email', evidence).catch((error) => {
      if (error instanceof CodeInvalid) return undefined;
      throw error;
    });
    if (code !== undefined) await this.#markVerified(code, client);
    else await this.#createUser(await this.codes.check('register', evidence), client);
  }

  async #markVerified(code: PresentedCode, client: ClientContext): Promise<void> {
    const userId = code.userId as string;
    const event = this.audit.event('email.verified', { userId, client });
    await this.database.transaction(async (manager) => {
      await this.users.lock(manager, userId);
      await this.codes.consume(code, manager);
      if (!(await this.users.verifyEmail(manager, userId, code.emailKey))) throw new CodeInvalid();
      await this.audit.insert(manager, event);
    });
    this.audit.log(event);
  }

  async #createUser(code: PresentedCode, client: ClientContext): Promise<void> {
    const { username, passwordHash, language } = code.data as PendingUser;
    const event = this.audit.event('registered', { client });
    const names = { username: username ?? undefined, email: code.email };
    await this.database.transaction(async (manager: EntityManager) => {
      await this.codes.consume(code, manager);
      await this.codes.revokeRegistrations(manager, code.emailKey);
      await this.users.create({ ...names, passwordHash, language, emailVerified: true }, event, manager);
    });
    this.audit.log(event);
  }
}
