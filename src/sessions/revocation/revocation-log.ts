import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../../audit/audit-event.entity.js';
import type { Actor, AuditEventType } from '../../audit/audit-events.js';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import { eventParameter } from '../../audit/event-row.js';
import type { Clock } from '../../clock/clock.js';
import type { Query } from '../../database/feed/feed-connection.js';
import type { ClientContext } from '../../http/client-context.js';
import { removeTrustedDevices } from '../../second-factors/trusted-devices.js';
import type { EndReason } from '../session.entity.js';
import { END_ALL, END_EACH, END_EXCESS, END_FOR_ALL_USERS, END_ONE, END_REUSED } from './revocation-statements.js';

/** A session that has ended while tokens issued for it have not expired. */
export interface Revocation {
  sessionId: string;
  /** Milliseconds since the epoch. After it, all tokens and cookies of the session are invalid without the entry. */
  until: number;
}

/** One session to end. */
export interface Ending {
  /** In the spelling of the database: the answers of a batch are assigned by it. */
  sessionId: string;
  reason: EndReason;
  /** The client that requested it. */
  by?: ClientContext | undefined;
}

export interface EndAllOptions {
  /** The client that requested it. */
  by?: ClientContext | undefined;
  /** Who acted, if not the one that the reason implies. */
  actor?: Actor | undefined;
  /** The ID of a session that does not end. */
  keep?: string | undefined;
  /** The ID of the only session that ends. */
  only?: string | undefined;
  /** Runs first in the same transaction, with the user's row locked. An error rolls the transaction back. */
  require?: (manager: EntityManager) => Promise<void>;
  /** Runs last in the same transaction, after the sessions have ended. */
  within?: (manager: EntityManager) => Promise<void>;
}

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

  /**
   * Ends several sessions in one statement that does not wait for locks.
   *
   * @returns for each ending the revocation, or undefined if it was not made: the session is locked or does not exist, or an
   * earlier ending names it
   */
  async endEach(endings: readonly Ending[], query: Query): Promise<(Revocation | undefined)[]> {
    const asked = new Map<string, { ending: Ending; event: AuditEvent }>();
    for (const ending of endings) {
      if (!asked.has(ending.sessionId)) {
        asked.set(ending.sessionId, { ending, event: this.#eventOf(ending.reason, ending.by) });
      }
    }
    const all = [...asked.values()];
    const rows = await query<EndedRow>(END_EACH, [
      all.map(({ event }) => eventParameter(event)),
      all.map(({ ending }) => ending.reason),
      this.clock.databaseTime(),
      [...asked.keys()],
    ]);
    const ended = new Map(
      rows.map((row) => [row.sessionId, endedBy(row, asked.get(row.sessionId)?.event as AuditEvent)]),
    );
    this.#log([...ended.values()]);
    return endings.map((ending) =>
      asked.get(ending.sessionId)?.ending === ending ? ended.get(ending.sessionId) : undefined,
    );
  }

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

  /** Ends all sessions of a user except `keep`, or only one. `require` and `within` run in the same transaction. */
  async endAll(
    userId: string,
    reason: EndReason,
    { keep, only, require, within, by, actor }: EndAllOptions = {},
  ): Promise<Revocation[]> {
    const type = CHANGES[reason];
    const change = type && this.audit.event(type, { userId, ...this.#actorOf(reason, actor), client: by });
    const untrust = this.audit.event('trusted_device.removed', {
      userId,
      ...this.#actorOf(reason, actor),
      client: by,
    });
    let untrusted: AuditEvent | undefined;
    const ended = await this.manager.transaction(async (manager) => {
      // No session of the user can start before the commit, because its insert needs a lock on the same row.
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      await require?.(manager);
      const event = this.#eventOf(reason, by, actor);
      const all =
        only === undefined
          ? await this.#end(manager, END_ALL, event, reason, userId, keep ?? null)
          : await this.#end(manager, END_ONE, event, reason, only);
      // A trusted device would start the next session without a second factor.
      if (only === undefined) untrusted = await removeTrustedDevices(manager, untrust);
      await within?.(manager);
      if (change) await this.audit.insert(manager, change);
      return all;
    });
    if (untrusted) this.audit.log(untrusted);
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
    return rows.map((row) => endedBy(row, event));
  }

  #log(ended: Ended[]): Revocation[] {
    for (const { event } of ended) if (event) this.audit.log(event);
    return ended;
  }
}

function endedBy({ sessionId, userId, until, eventId }: EndedRow, event: AuditEvent): Ended {
  const recorded = eventId === null ? undefined : { ...event, id: eventId, sessionId, userId };
  return { sessionId, until: until.getTime(), event: recorded };
}
