import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { ClientContext } from '../http/client-context.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { Actor, AuditDetails, AuditEventType, AuditResult } from './audit-events.js';
import type { EventLogger } from './event-logger.js';
import { eventParameter, insertEvent } from './event-row.js';

/** The data of an event besides its type. */
export interface EventInput {
  /** `ok` by default. */
  result?: AuditResult;
  /** Who acted; `user` by default. */
  actor?: Actor;
  userId?: string | undefined;
  sessionId?: string | undefined;
  client?: ClientContext | undefined;
  details?: AuditDetails | undefined;
}

const MAX_USER_AGENT_LENGTH = 512;
const INSERT = insertEvent('$1');

/**
 * Records events: first the row, in the statement or transaction of the change; then the log line, once the row is
 * committed.
 */
export class AuditLog {
  /** Part of the IDs, so that the events of one process are in order within a millisecond. */
  #sequence = randomBytes(4).readUInt32BE() >>> 1;

  /**
   * @param manager writes events outside a transaction
   * @param logger writes the log lines. CLI commands have none, because their output is no log
   */
  constructor(
    private readonly clock: Clock,
    private readonly manager: EntityManager,
    private readonly logger?: EventLogger,
  ) {}

  /** Builds an event that occurs now. Does not write it. */
  event(type: AuditEventType, input: EventInput = {}): AuditEvent {
    const now = this.clock.now();
    this.#sequence = (this.#sequence + 1) >>> 0;
    const { client } = input;
    return {
      id: uuidv7(now, this.#sequence),
      occurredAt: new Date(now),
      type,
      result: input.result ?? 'ok',
      userId: input.userId ?? null,
      actor: input.actor ?? 'user',
      sessionId: input.sessionId ?? null,
      ip: client?.ip ?? null,
      userAgent: client?.userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
      requestId: client?.requestId ?? null,
      details: input.details ?? null,
    };
  }

  /** Records an event outside a transaction. @throws QueryFailedError if it can't be written */
  async record(type: AuditEventType, input: EventInput = {}): Promise<void> {
    await this.write(this.event(type, input));
  }

  /** Writes the row and the log line of an event outside a transaction. @throws QueryFailedError */
  async write(event: AuditEvent): Promise<void> {
    await this.insert(this.manager, event);
    this.log(event);
  }

  /**
   * Writes the row in the transaction of a change. Call {@link log} once it has committed.
   *
   * @throws QueryFailedError
   */
  async insert(manager: EntityManager, event: AuditEvent): Promise<void> {
    await manager.query(INSERT, [eventParameter(event)]);
  }

  /** Writes the log line of an event whose row is committed. */
  log(event: AuditEvent): void {
    this.logger?.write(event);
  }
}
