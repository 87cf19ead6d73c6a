import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Entry, Handler } from './entry.js';
import { OutboxRows } from './outbox-rows.js';

/**
 * A transactional outbox: what is to be delivered to another system is stored in the transaction that causes it, and is
 * delivered after the commit, at least once.
 */
@Injectable()
export class Outbox {
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners: (() => void)[] = [];

  constructor(private readonly rows: OutboxRows) {}

  /**
   * Adds an entry in the caller's transaction. Call {@link wake} after the commit. The payload is stored sealed, as JSON.
   *
   * @returns its ID
   */
  add(manager: EntityManager, topic: string, payload: object): Promise<string> {
    return this.rows.insert(manager, topic, payload);
  }

  /**
   * Removes an entry that is being delivered, in the transaction of what its handler writes: so both happen, or neither.
   *
   * @throws Error if another attempt has begun meanwhile
   */
  async remove(manager: EntityManager, entry: Entry): Promise<void> {
    await this.rows.remove(manager, entry);
  }

  /** The parameter of `insertEntry`, for a statement that decides whether to add an entry. */
  parameter(topic: string, payload: object): string {
    return this.rows.parameter(topic, payload);
  }

  /** Delivers new entries now. Without it, they are delivered within a second. */
  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Registers the handler of a topic, before the application starts. Without one, this instance leaves its entries alone. */
  handle(topic: string, handler: Handler): void {
    this.#handlers.set(topic, handler);
  }

  /** Delivers the entries that were held because there were no means to deliver them. @returns their number */
  async deliverHeld(topic: string): Promise<number> {
    const count = await this.rows.deliverHeld(topic);
    if (count > 0) this.wake();
    return count;
  }

  get handlers(): ReadonlyMap<string, Handler> {
    return this.#handlers;
  }

  onWake(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
