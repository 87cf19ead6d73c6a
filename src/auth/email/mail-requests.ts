import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { Entry } from '../../outbox/entry.js';
import { Outbox } from '../../outbox/outbox.js';
import { RateLimits } from '../../rate-limits/rate-limits.js';

const TOPIC = 'mail_request';
/** Looking up a user and writing a mail takes milliseconds. The requests of a killed instance wait for the end of the lease. */
const LEASE_MS = 15_000;

/** What a request may lead to: writes in one transaction. Undefined if there is nothing to send. */
type Writes = (manager: EntityManager) => Promise<void>;

/** Looks up who gets a mail. */
type Resolve<Request> = (request: Request) => Promise<Writes | undefined>;

/**
 * Requests for mails. A request is only stored; who gets a mail is looked up in the background. So neither a response nor its
 * duration reveals whether there is such a user, and no request is lost in a crash.
 */
@Injectable()
export class MailRequests implements OnModuleInit {
  readonly #kinds = new Map<string, Resolve<never>>();

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly outbox: Outbox,
    private readonly limits: RateLimits,
  ) {}

  onModuleInit(): void {
    this.outbox.handle(TOPIC, {
      leaseMs: LEASE_MS,
      deliver: (payload, entry) => this.#process(payload as { kind: string; request: never }, entry),
    });
  }

  /** Registers who gets the mails of one kind of request. */
  handle<Request extends object>(kind: string, resolve: Resolve<Request>): void {
    this.#kinds.set(kind, resolve as Resolve<never>);
  }

  /** Stores a request. In a transaction of the caller, {@link wake} follows its commit. */
  async add(kind: string, request: object, manager?: EntityManager): Promise<void> {
    await this.outbox.add(manager ?? this.database.manager, TOPIC, { kind, request });
    if (manager === undefined) this.wake();
  }

  wake(): void {
    this.outbox.wake();
  }

  /**
   * Counts a mail to a mailbox.
   *
   * @param mailbox a folded address, or another name that was typed
   * @throws TooManyRequests
   */
  async countMail(mailbox: string): Promise<void> {
    if (!this.limits.enabled) return;
    const { rejection } = await this.limits.take('mails', mailbox);
    if (rejection) throw rejection;
  }

  /** The same, if there is nobody to answer. @returns whether the mail may be sent */
  async mayMail(mailbox: string): Promise<boolean> {
    if (!this.limits.enabled) return true;
    const { rejection } = await this.limits.take('mails', mailbox);
    return rejection === undefined;
  }

  /** Whether a mailbox gets no more mails for now. Does not count. */
  async isUsedUp(mailbox: string): Promise<boolean> {
    return this.limits.enabled && (await this.limits.isUsedUp('mails', mailbox));
  }

  /**
   * The same for a mail that was requested by username. It has a count of its own: otherwise the next request by address would
   * reveal whose address it is.
   */
  async mayMailByName(mailbox: string): Promise<boolean> {
    if (!this.limits.enabled) return true;
    if (await this.isUsedUp(mailbox)) return false;
    return await this.mayMail(`by name ${mailbox}`);
  }

  async #process({ kind, request }: { kind: string; request: never }, entry: Entry): Promise<object> {
    const resolve = this.#kinds.get(kind);
    if (resolve === undefined) throw new Error(`this release does not know requests of the kind ${kind}`);
    const writes = await resolve(request);
    if (writes !== undefined) {
      // The mail and the end of its request are one transaction, so a crash can't cause a second mail.
      await this.database.transaction(async (manager) => {
        await this.outbox.remove(manager, entry);
        await writes(manager);
      });
      this.outbox.wake();
    }
    return { kind };
  }
}
