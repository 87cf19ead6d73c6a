import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock/clock.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { ClientContext } from '../http/client-context.js';
import type { AuditEvent } from './audit-event.entity.js';
import type { Actor, AuditDetails, AuditEventType, AuditResult } from './audit-events.js';

/** What an event may tell beside its type. */
export interface EventFacts {
  result?: AuditResult;
  actor?: Actor;
  userId?: string | undefined;
  sessionId?: string | undefined;
  caller?: Partial<ClientContext> | undefined;
  details?: AuditDetails | undefined;
}

/** The columns of {@link eventValues}, in their order. */
export const EVENT_COLUMNS =
  'id, occurred_at, type, result, user_id, actor, session_id, ip, user_agent, request_id, details';

const LONGEST_USER_AGENT = 512;
const INSERT = `INSERT INTO audit_events (${EVENT_COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

/**
 * Makes events and writes them: first the row, by who makes the change and in the statement or transaction of the
 * change; then the line, when the row stands.
 */
export class AuditLog {
  readonly #logger = new Logger('audit');
  /** Counts on within a millisecond, so that the ids of one process are in the order of its events. */
  #sequence = randomBytes(4).readUInt32BE() >>> 1;

  constructor(
    private readonly clock: Clock,
    /** False for a command: its output is not the log of the server. */
    private readonly tells = true,
  ) {}

  /** Who does what nobody asked for: the server, or the operator whose command it is. */
  get self(): Actor {
    return this.tells ? 'system' : 'operator';
  }

  /** An event of now. */
  event(type: AuditEventType, facts: EventFacts = {}): AuditEvent {
    const now = this.clock.now();
    this.#sequence = (this.#sequence + 1) >>> 0;
    const { caller = {} } = facts;
    return {
      id: uuidv7(now, this.#sequence),
      occurredAt: new Date(now),
      type,
      result: facts.result ?? 'ok',
      userId: facts.userId ?? null,
      actor: facts.actor ?? (this.tells ? 'user' : 'operator'),
      sessionId: facts.sessionId ?? null,
      ip: caller.ip ?? null,
      userAgent: caller.userAgent?.slice(0, LONGEST_USER_AGENT) ?? null,
      requestId: caller.requestId ?? null,
      details: facts.details ?? null,
    };
  }

  /** Adds the row: the whole of it, or a throw. The line is the caller's to {@link tell}, when the row stands. */
  async insert(manager: EntityManager, event: AuditEvent): Promise<void> {
    await manager.query(INSERT, eventValues(event));
  }

  /** Row and line of an event that no change belongs to. */
  async write(manager: EntityManager, event: AuditEvent): Promise<void> {
    await this.insert(manager, event);
    this.tell(event);
  }

  /** The line of an event whose row is there. */
  tell(event: AuditEvent): void {
    if (!this.tells) return;
    const line = {
      msg: event.type,
      event_id: event.id,
      result: event.result,
      user_id: event.userId,
      actor: event.actor,
      session_id: event.sessionId,
      ip: event.ip,
      user_agent: event.userAgent,
      request_id: event.requestId,
      ...(event.details === null ? {} : { details: event.details }),
    };
    if (event.result === 'ok') this.#logger.log(line);
    else this.#logger.warn(line);
  }
}

/**
 * The INSERT of an event in the statement that makes the change: a row for each row of `changed`, whose `user_id` it is
 * about where the event does not say.
 *
 * @param first the number of the first of its parameters, which are {@link eventValues}
 */
export function insertEventFrom(changed: string, first: number): string {
  const values = EVENT_COLUMNS.split(', ').map((column, index) => {
    const parameter = `$${first + index}`;
    return column === 'user_id' ? `COALESCE(${parameter}::uuid, ${changed}.user_id)` : parameter;
  });
  return `INSERT INTO audit_events (${EVENT_COLUMNS}) SELECT ${values.join(', ')} FROM ${changed}`;
}

/** The parameters of one row. */
export function eventValues(event: AuditEvent): unknown[] {
  const { id, occurredAt, type, result, userId, actor, sessionId, ip, userAgent, requestId, details } = event;
  return [id, occurredAt, type, result, userId, actor, sessionId, ip, userAgent, requestId, details];
}
