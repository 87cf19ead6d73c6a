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
  /** Milliseconds since the epoch. After it, all tokens and cookies of the session are invalid without the entry. */
  until: number;
}

export interface EndAllOptions {
  /** The client that requested it. */
  by?: ClientContext | undefined;
  /** Who acted, if not the one that the reason implies. */
  actor?: Actor | undefined;
  /** The ID of a session that does not end. */
  keep?: string | undefined;
  /** Runs first in the same transaction, with the user's row locked. An error rolls the transaction back. */
  require?: (manager: EntityManager) => Promise<void>;
  /** Runs last in the same transaction, after the sessions have ended. */
  within?: (manager: EntityManager) => Promise<void>;
}

/** How long an instance may accept a cookie without a database query; see CookieSessions. */
const COOKIE_MEMORY = `interval '2 minutes'`;

/**
 * The ID of one session's event if a statement ends several sessions: the first half comes from the event in $1, with its
 * time and order; the second, random half comes from the session's ID.
 */
const EVENT_ID_OF_MANY = `encode(substring(uuid_send(($1::jsonb->>'id')::uuid) FOR 8) || substring(uuid_send(live.id) FROM 9), 'hex')::uuid`;

/** The ID of the event in $1, for statements that end one session. */
const EVENT_ID_OF_ONE = `$1::jsonb->'id'`;

/** The clocks of instances may differ by this much, so another instance may accept a token for longer. */
const CLOCK_SKEW = `interval '30 seconds'`;

const NOW = databaseTime('$3');

const insertEvents = (id: string) =>
  insertEvent('$1', {
    from: '(SELECT id, user_id FROM ended WHERE was_live) AS live',
    set: `jsonb_build_object('user_id', live.user_id, 'session_id', live.id, 'id', ${id})`,
  });

/**
 * Ends the sessions that match a condition, and writes their revocation entries and events, all in one statement. If a
 * session has already ended, its original reason is kept.
 *
 * $1 is the event, $2 the reason, $3 the time. The parameters of the condition start at $4.
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
/** The sessions of all users, after a session ID. */
const END_FOR_ALL_USERS = endWhere('id > $4 AND ended_at IS NULL', { limit: 'LIMIT $5' });
const ALL_USERS_BATCH = 1000;
const NIL = '00000000-0000-0000-0000-000000000000';

interface Ended extends Revocation {
  event: AuditEvent | undefined;
}

interface EndedRow {
  sessionId: string;
  userId: string;
  until: Date;
  /** Null if the session had already ended. */
  eventId: string | null;
}

/** Changes of a user that end sessions, and the additional event of each. */
const CHANGES: Partial<Record<EndReason, AuditEventType>> = {
  password_changed: 'password.changed',
  user_deleted: 'user.deleted',
  user_disabled: 'user.disabled',
};
/** The actors of events that the user did not cause. */
const ACTORS: Partial<Record<EndReason, Actor>> = {
  refresh_token_reused: 'system',
  too_many_sessions: 'system',
  token_revoked: 'client',
  user_disabled: 'operator',
  ended_by_operator: 'operator',
};

/** Ends sessions in the database, and writes the revocation entries that every instance reads. */
export class RevocationLog {
  constructor(
    private readonly manager: EntityManager,
    private readonly clock: Clock,
    private readonly audit = new AuditLog(clock, manager),
  ) {}

  /** Ends one session. Does nothing if no such session exists. */
  async end(sessionId: string, reason: EndReason, by?: ClientContext): Promise<Revocation[]> {
    return this.#log(await this.#end(this.manager, END_ONE, this.#eventOf(reason, by), reason, sessionId));
  }

  /** Ends a session because one of its refresh tokens was reused. Records the reuse in the same statement. */
  async endReused(sessionId: string, reuse: EventInput): Promise<Revocation[]> {
    const reason = 'refresh_token_reused';
    const event = this.#eventOf(reason, reuse.client);
    const reused = this.audit.event('refresh.reused', { ...reuse, result: 'refused' });
    const parameters = [sessionId, eventParameter(reused)];
    const ended = this.#log(await this.#end(this.manager, END_REUSED, event, reason, ...parameters));
    this.audit.log(reused);
    return ended;
  }

  /** Ends all sessions of a user except `keep`. `require` and `within` run in the same transaction. */
  async endAll(
    userId: string,
    reason: EndReason,
    { keep, require, within, by, actor }: EndAllOptions = {},
  ): Promise<Revocation[]> {
    const type = CHANGES[reason];
    const change = type && this.audit.event(type, { userId, ...this.#actorOf(reason, actor), client: by });
    const ended = await this.manager.transaction(async (manager) => {
      // No session of the user can start before the commit, because its insert needs a lock on the same row.
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      await require?.(manager);
      const event = this.#eventOf(reason, by, actor);
      const all = await this.#end(manager, END_ALL, event, reason, userId, keep ?? null);
      await within?.(manager);
      if (change) await this.audit.insert(manager, change);
      return all;
    });
    if (change) this.audit.log(change);
    return this.#log(ended);
  }

  /** Ends the oldest sessions of a user beyond `limit`. */
  async endExcess(userId: string, limit: number): Promise<Revocation[]> {
    const event = this.#eventOf('too_many_sessions');
    return this.#log(await this.#end(this.manager, END_EXCESS, event, 'too_many_sessions', userId, limit));
  }

  /** Ends all sessions of all users, in batches, so that row locks are short. */
  async *endForAllUsers(reason: EndReason): AsyncGenerator<Revocation[]> {
    for (let after: string | undefined = NIL; after !== undefined; ) {
      const event = this.#eventOf(reason);
      const ended = this.#log(await this.#end(this.manager, END_FOR_ALL_USERS, event, reason, after, ALL_USERS_BATCH));
      yield ended;
      after = ended
        .map(({ sessionId }) => sessionId)
        .sort()
        .at(-1);
    }
  }

  #eventOf(reason: EndReason, client?: ClientContext, actor?: Actor): AuditEvent {
    const type = reason === 'logout' ? 'logout' : 'session.ended';
    return this.audit.event(type, { ...this.#actorOf(reason, actor), client, details: { reason } });
  }

  #actorOf(reason: EndReason, actor = ACTORS[reason]): { actor?: Actor } {
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
