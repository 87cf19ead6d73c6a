import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../../audit/audit-event.entity.js';
import type { Actor, AuditEventType } from '../../audit/audit-events.js';
import { AuditLog, EVENT_COLUMNS } from '../../audit/audit-log.js';
import type { Clock } from '../../clock/clock.js';
import { databaseTime } from '../../database/database-time.js';
import type { ClientContext } from '../../http/client-context.js';
import type { EndReason } from '../session.entity.js';

/** A session that ended while something that it had given out may still be taken. */
export interface Revocation {
  sessionId: string;
  /** Milliseconds since the epoch: after it nothing of the session is alive anywhere, and the entry can go. */
  until: number;
}

export interface EndAllOptions {
  /** Who asked for it, and from where. */
  by?: ClientContext | undefined;
  /** A session that goes on. */
  keep?: string | undefined;
  /** Done first in the same transaction, with the user's row locked; what it throws undoes all. */
  require?: (manager: EntityManager) => Promise<void>;
  /** Done last in the same transaction, after the sessions have ended. */
  within?: (manager: EntityManager) => Promise<void>;
}

/** An instance may take a cookie for that long without asking the database; see CookieSessions. */
const COOKIE_MEMORY = `interval '2 minutes'`;

/**
 * The id of the event of one session of several: the time and the order of the event that the statement was given, and
 * the random half of the session's own id.
 */
const EVENT_ID = `encode(substring(uuid_send($3) FOR 8) || substring(uuid_send(id) FROM 9), 'hex')::uuid`;

/** The clocks of instances may differ by so much: some accept a token for longer than the one that ends its session. */
const CLOCK_SKEW = `interval '30 seconds'`;

const NOW = databaseTime('$9');

/**
 * Ends the sessions that a condition names, and writes their entries for the feed and their events: one statement, so
 * that no session ends without them, nor the other way round. The first reason stays.
 */
const endWhere = (condition: string, limit = '') => `
  WITH found AS (
    SELECT id, ended_at IS NULL AS was_live FROM sessions WHERE ${condition} ORDER BY id ${limit} FOR UPDATE
  ), ended AS (
    UPDATE sessions s SET ended_at = COALESCE(ended_at, ${NOW}), end_reason = COALESCE(end_reason, $2)
      FROM found WHERE s.id = found.id
    RETURNING s.id, s.user_id, found.was_live,
      GREATEST(access_expires_at, CASE transport WHEN 'cookie' THEN ${NOW} + ${COOKIE_MEMORY} END) + ${CLOCK_SKEW} AS until
  ), entry AS (
    INSERT INTO revocations (session_id, expires_at) SELECT id, until FROM ended WHERE until > ${NOW}
    ON CONFLICT (session_id) DO NOTHING
  ), event AS (
    INSERT INTO audit_events (${EVENT_COLUMNS})
    SELECT ${EVENT_ID}, $1, $4, 'ok', user_id, $5, id, $6, $7, $8, jsonb_build_object('reason', $2::text)
      FROM ended WHERE was_live
    RETURNING id, session_id
  )
  SELECT ended.id AS "sessionId", ended.user_id AS "userId", ended.until, event.id AS "eventId"
    FROM ended LEFT JOIN event ON event.session_id = ended.id`;

const END_ONE = endWhere('id = $10');
const END_ALL = endWhere('user_id = $10 AND id IS DISTINCT FROM $11::uuid AND ended_at IS NULL');
const END_EXCESS = endWhere(`id IN (
  SELECT id FROM sessions WHERE user_id = $10 AND ended_at IS NULL AND expires_at > ${NOW} AND refresh_expires_at > ${NOW}
  ORDER BY started_at DESC, id DESC OFFSET $11) AND ended_at IS NULL`);
/** Of all users, from some id on. */
const END_EVERYBODYS = endWhere('id > $10 AND ended_at IS NULL', 'LIMIT $11');
const EVERYBODYS_BATCH = 1000;
const NIL = '00000000-0000-0000-0000-000000000000';

interface Ended extends Revocation {
  event: AuditEvent | undefined;
}

interface EndedRow {
  sessionId: string;
  userId: string;
  until: Date;
  /** None where it had ended before. */
  eventId: string | null;
}

/** Where the end of all sessions belongs to a change of the user, that is an event too. */
const CHANGES: Partial<Record<EndReason, AuditEventType>> = {
  password_changed: 'password.changed',
  user_deleted: 'user.deleted',
  user_disabled: 'user.disabled',
};
/** Whose doing it is, where it is not the user's. */
const ACTORS: Partial<Record<EndReason, Actor>> = {
  refresh_token_reused: 'system',
  too_many_sessions: 'system',
  token_revoked: 'client',
  user_disabled: 'operator',
  ended_by_operator: 'operator',
};

/** The ends of sessions in the database, and the log of them that every instance reads. */
export class RevocationLog {
  constructor(
    private readonly manager: EntityManager,
    private readonly clock: Clock,
    private readonly audit = new AuditLog(clock, false),
  ) {}

  /** Ends one session, also one that had ended; a session that never was is left alone. */
  async end(sessionId: string, reason: EndReason, by?: ClientContext): Promise<Revocation[]> {
    return this.#tell(await this.#end(this.manager, END_ONE, this.#eventOf(reason, by), reason, sessionId));
  }

  /** Ends every session of a user but the one to keep, together with what is done `within` the same transaction. */
  async endAll(
    userId: string,
    reason: EndReason,
    { keep, require, within, by }: EndAllOptions = {},
  ): Promise<Revocation[]> {
    const type = CHANGES[reason];
    const change = type && this.audit.event(type, { userId, ...this.#actorOf(reason), caller: by });
    const ended = await this.manager.transaction(async (manager) => {
      // No session begins until this is done: an insert must share the lock of its user's row.
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      await require?.(manager);
      const event = this.#eventOf(reason, by);
      const all = await this.#end(manager, END_ALL, event, reason, userId, keep ?? null);
      await within?.(manager);
      if (change) await this.audit.insert(manager, change);
      return all;
    });
    if (change) this.audit.tell(change);
    return this.#tell(ended);
  }

  /** Ends the oldest sessions of a user that are more than `limit`. */
  async endExcess(userId: string, limit: number): Promise<Revocation[]> {
    const event = this.#eventOf('too_many_sessions');
    return this.#tell(await this.#end(this.manager, END_EXCESS, event, 'too_many_sessions', userId, limit));
  }

  /** Ends every session of every user, so many at a time that nobody waits for long. */
  async *endEverybodys(reason: EndReason): AsyncGenerator<Revocation[]> {
    for (let after: string | undefined = NIL; after !== undefined; ) {
      const event = this.#eventOf(reason);
      const ended = this.#tell(await this.#end(this.manager, END_EVERYBODYS, event, reason, after, EVERYBODYS_BATCH));
      yield ended;
      after = ended
        .map(({ sessionId }) => sessionId)
        .sort()
        .at(-1);
    }
  }

  #eventOf(reason: EndReason, caller?: ClientContext): AuditEvent {
    const type = reason === 'logout' ? 'logout' : 'session.ended';
    return this.audit.event(type, { ...this.#actorOf(reason), caller, details: { reason } });
  }

  #actorOf(reason: EndReason): { actor?: Actor } {
    const actor = ACTORS[reason];
    return actor ? { actor } : {};
  }

  async #end(
    manager: EntityManager,
    sql: string,
    event: AuditEvent,
    reason: EndReason,
    ...parameters: unknown[]
  ): Promise<Ended[]> {
    const { id, occurredAt, type, actor, ip, userAgent, requestId } = event;
    const facts = [occurredAt, reason, id, type, actor, ip, userAgent, requestId, this.clock.databaseTime()];
    const rows: EndedRow[] = await manager.query(sql, [...facts, ...parameters]);
    return rows.map(({ eventId, ...row }) => ({
      sessionId: row.sessionId,
      until: row.until.getTime(),
      event: eventId === null ? undefined : { ...event, id: eventId, sessionId: row.sessionId, userId: row.userId },
    }));
  }

  #tell(ended: Ended[]): Revocation[] {
    for (const { event } of ended) if (event) this.audit.tell(event);
    return ended;
  }
}
