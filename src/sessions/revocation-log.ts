import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock/clock.js';
import type { EndReason } from './session.entity.js';

/** A session that ended while something that it had given out may still be taken. */
export interface Revocation {
  sessionId: string;
  /** Milliseconds since the epoch: after it nothing of the session is alive anywhere, and the entry can go. */
  until: number;
}

export interface EndAllOptions {
  /** A session that goes on. */
  keep?: string | undefined;
  /** Done in the same transaction. */
  within?: (manager: EntityManager) => Promise<void>;
}

/** An instance may take a cookie for that long without asking the database; see CookieSessions. */
const COOKIE_MEMORY = `interval '2 minutes'`;

/**
 * Ends the sessions that a condition names, and writes their entries for the feed: one statement, so that no session
 * ends without its entry, nor the other way round. The first reason stays.
 */
const endWhere = (condition: string) => `
  WITH ended AS (
    UPDATE sessions SET ended_at = COALESCE(ended_at, $1), end_reason = COALESCE(end_reason, $2) WHERE ${condition}
    RETURNING id, GREATEST(access_expires_at, CASE transport WHEN 'cookie' THEN $1::timestamptz + ${COOKIE_MEMORY} END) AS until
  ), entry AS (
    INSERT INTO revocations (session_id, expires_at) SELECT id, until FROM ended WHERE until > $1
    ON CONFLICT (session_id) DO NOTHING
  )
  SELECT id AS "sessionId", until FROM ended`;

/** Locked by one order, whoever ends several at once: so none of them waits for another that waits for it. */
const endInOrder = (condition: string, limit = '') =>
  endWhere(`id IN (SELECT id FROM sessions WHERE ${condition} AND ended_at IS NULL ORDER BY id ${limit} FOR UPDATE)`);

const END_ONE = endWhere('id = $3');
const END_ALL = endInOrder('user_id = $3 AND id IS DISTINCT FROM $4');
const END_EXCESS = endInOrder(`id IN (
  SELECT id FROM sessions WHERE user_id = $3 AND ended_at IS NULL AND expires_at > $1 AND refresh_expires_at > $1
  ORDER BY auth_time DESC, id DESC OFFSET $4)`);
/** Of all users, from some id on. */
const END_EVERYBODYS = endInOrder('id > $3', 'LIMIT $4');
const EVERYBODYS_BATCH = 1000;
const NIL = '00000000-0000-0000-0000-000000000000';

/** The ends of sessions in the database, and the log of them that every instance reads. */
export class RevocationLog {
  constructor(
    private readonly manager: EntityManager,
    private readonly clock: Clock,
  ) {}

  /** Ends one session, also one that had ended; a session that never was is left alone. */
  end(sessionId: string, reason: EndReason): Promise<Revocation[]> {
    return this.#end(this.manager, END_ONE, reason, sessionId);
  }

  /** Ends every session of a user but the one to keep, together with what is done `within` the same transaction. */
  async endAll(userId: string, reason: EndReason, { keep, within }: EndAllOptions = {}): Promise<Revocation[]> {
    return await this.manager.transaction(async (manager) => {
      // No session begins until this is done: an insert must share the lock of its user's row.
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      const ended = await this.#end(manager, END_ALL, reason, userId, keep ?? null);
      await within?.(manager);
      return ended;
    });
  }

  /** Ends the oldest sessions of a user that are more than `limit`. */
  endExcess(userId: string, limit: number): Promise<Revocation[]> {
    return this.#end(this.manager, END_EXCESS, 'too_many_sessions', userId, limit);
  }

  /** Ends every session of every user, so many at a time that nobody waits for long. */
  async *endEverybodys(reason: EndReason): AsyncGenerator<Revocation[]> {
    for (let after: string | undefined = NIL; after !== undefined; ) {
      const ended = await this.#end(this.manager, END_EVERYBODYS, reason, after, EVERYBODYS_BATCH);
      yield ended;
      after = ended
        .map(({ sessionId }) => sessionId)
        .sort()
        .at(-1);
    }
  }

  async #end(manager: EntityManager, sql: string, reason: EndReason, ...parameters: unknown[]): Promise<Revocation[]> {
    const rows: { sessionId: string; until: Date }[] = await manager.query(sql, [
      this.clock.date(),
      reason,
      ...parameters,
    ]);
    return rows.map(({ sessionId, until }) => ({ sessionId, until: until.getTime() }));
  }
}
