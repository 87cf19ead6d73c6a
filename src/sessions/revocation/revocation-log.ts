import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../../audit/audit-event.entity.js';
import type { Actor, AuditEventType } from '../../audit/audit-events.js';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import { eventParameter, insertEvent } from '../../audit/event-row.js';
import type { Clock } from '../../clock/clock.js';
import { databaseTime } from '../../database/database-time.js';
import type { ClientContext } from '../../http/client-context.js';
import type { EndReason } from '../session.entity.js';

/** A session that has ended while tokens issued for it have not expired. */
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
 * The id of one session's event, where a statement ends several: the time and order of the event in $1, and the random
 * half of the session's id.
 */
const EVENT_ID_OF_MANY = `encode(substring(uuid_send(($1::jsonb->>'id')::uuid) FOR 8) || substring(uuid_send(live.id) FROM 9), 'hex')::uuid`;

/** The same where one session ends: the id of the event in $1. */
const EVENT_ID_OF_ONE = `$1::jsonb->'id'`;

/** The clocks of instances may differ by so much: some accept a token for longer than the one that ends its session. */
const CLOCK_SKEW = `interval '30 seconds'`;

const NOW = databaseTime('$3');

const insertEvents = (id: string) =>
  insertEvent('$1', {
    from: '(SELECT id, user_id FROM ended WHERE was_live) AS live',
    set: `jsonb_build_object('user_id', live.user_id, 'session_id', live.id, 'id', ${id})`,
  });

/**
 * Ends the sessions that match a condition, and writes their entries for the feed and their events: one statement, so
 * that no session ends without them, nor the other way round. If a session has already ended, its original reason is
 * kept.
 *
 * $1 is the event, $2 the reason, $3 the time; the condition begins at $4.
 */
const endWhere = (condition: string, { eventId = EVENT_ID_OF_MANY, limit = '', also = '' } = {}) => `
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
    ${insertEvents(eventId)} RETURNING id, session_id
  )${also}
  SELECT ended.id AS "sessionId", ended.user_id AS "userId", ended.until, event.id AS "eventId"
    FROM ended LEFT JOIN event ON event.session_id = ended.id`;

const END_ONE = endWhere('id = $4', { eventId: EVENT_ID_OF_ONE });
const END_REUSED = endWhere('id = $4', { eventId: EVENT_ID_OF_ONE, also: `, reuse AS (${insertEvent('$5')})` });
const END_ALL = endWhere('user_id = $4 AND id IS DISTINCT FROM $5::uuid AND ended_at IS NULL');
const END_EXCESS = endWhere(`id IN (
  SELECT id FROM sessions WHERE user_id = $4 AND ended_at IS NULL AND expires_at > ${NOW} AND refresh_expires_at > ${NOW}
  ORDER BY started_at DESC, id DESC OFFSET $5) AND ended_at IS NULL`);
/** Of all users, from some id on. */
const END_EVERYBODYS = endWhere('id > $4 AND ended_at IS NULL', { limit: 'LIMIT $5' });
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

/** Changes of the user that end sessions. Each is an event of its own. */
const CHANGES: Partial<Record<EndReason, AuditEventType>> = {
  password_changed: 'password.changed',
  user_deleted: 'user.deleted',
  user_disabled: 'user.disabled',
};
/** Who acted, where it was not the user. */
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
    private readonly audit = new AuditLog(clock, manager),
  ) {}

  /** Ends one session, also one that had ended; a session that never was is left alone. */
  async end(sessionId: string, reason: EndReason, by?: ClientContext): Promise<Revocation[]> {
    return this.#log(await this.#end(this.manager, END_ONE, this.#eventOf(reason, by), reason, sessionId));
  }

  /** Ends a session because a refresh token of it was used again, and records the reuse in the same statement. */
  async endReused(sessionId: string, reuse: EventInput): Promise<Revocation[]> {
    const reason = 'refresh_token_reused';
    const event = this.#eventOf(reason, reuse.client);
    const reused = this.audit.event('refresh.reused', { ...reuse, result: 'refused' });
    const parameters = [sessionId, eventParameter(reused)];
    const ended = this.#log(await this.#end(this.manager, END_REUSED, event, reason, ...parameters));
    this.audit.log(reused);
    return ended;
  }

  /** Ends every session of a user but the one to keep, together with what is done `within` the same transaction. */
  async endAll(
    userId: string,
    reason: EndReason,
    { keep, require, within, by }: EndAllOptions = {},
  ): Promise<Revocation[]> {
    const type = CHANGES[reason];
    const change = type && this.audit.event(type, { userId, ...this.#actorOf(reason), client: by });
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
    if (change) this.audit.log(change);
    return this.#log(ended);
  }

  /** Ends the oldest sessions of a user that are more than `limit`. */
  async endExcess(userId: string, limit: number): Promise<Revocation[]> {
    const event = this.#eventOf('too_many_sessions');
    return this.#log(await this.#end(this.manager, END_EXCESS, event, 'too_many_sessions', userId, limit));
  }

  /** Ends every session of every user, so many at a time that nobody waits for long. */
  async *endEverybodys(reason: EndReason): AsyncGenerator<Revocation[]> {
    for (let after: string | undefined = NIL; after !== undefined; ) {
      const event = this.#eventOf(reason);
      const ended = this.#log(await this.#end(this.manager, END_EVERYBODYS, event, reason, after, EVERYBODYS_BATCH));
      yield ended;
      after = ended
        .map(({ sessionId }) => sessionId)
        .sort()
        .at(-1);
    }
  }

  #eventOf(reason: EndReason, client?: ClientContext): AuditEvent {
    const type = reason === 'logout' ? 'logout' : 'session.ended';
    return this.audit.event(type, { ...this.#actorOf(reason), client, details: { reason } });
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
    const now = this.clock.databaseTime();
    const rows: EndedRow[] = await manager.query(sql, [eventParameter(event), reason, now, ...parameters]);
    return rows.map(({ eventId, ...row }) => ({
      sessionId: row.sessionId,
      until: row.until.getTime(),
      event: eventId === null ? undefined : { ...event, id: eventId, sessionId: row.sessionId, userId: row.userId },
    }));
  }

  #log(ended: Ended[]): Revocation[] {
    for (const { event } of ended) if (event) this.audit.log(event);
    return ended;
  }
}
