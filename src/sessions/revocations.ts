import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { Clock } from '../clock/clock.js';
import type { EndReason } from './session.entity.js';

const PRUNE_EVERY = 1000;

export interface RevokeAllOptions {
  /** A session that goes on. */
  keep?: string;
  /** Done in the same transaction. */
  within?: (manager: EntityManager) => Promise<void>;
}

/**
 * The sessions that ended while one of their access tokens may still be alive. Kept in the database, so that they
 * outlive a restart, and in memory, so that a request asks nobody.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  /** Session id to the time, in milliseconds, at which its last access token is over. */
  readonly #until = new Map<string, number>();
  #sincePruned = 0;
  readonly #logger = new Logger(Revocations.name);

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.prune();
    const rows: { session_id: string; expires_at: Date }[] = await this.database.query(
      'SELECT session_id, expires_at FROM revocations',
    );
    for (const { session_id, expires_at } of rows) this.#until.set(session_id, expires_at.getTime());
  }

  /** Whether a session has ended. No I/O. */
  has(sessionId: string): boolean {
    return this.#until.has(sessionId);
  }

  /**
   * Ends a session for good. Its access tokens are refused from the moment this resolves, and after a restart.
   * The first reason stays; a session that never was is left alone.
   */
  async revoke(sessionId: string, reason: EndReason): Promise<void> {
    // One statement: a session never ends without its entry, nor the other way round.
    const [ended]: { until: Date }[] = await this.database.query(
      `WITH ended AS (
         UPDATE sessions SET ended_at = COALESCE(ended_at, $2), end_reason = COALESCE(end_reason, $3) WHERE id = $1
         RETURNING id, access_expires_at
       ), entry AS (
         INSERT INTO revocations (session_id, expires_at) SELECT id, access_expires_at FROM ended WHERE access_expires_at > $2
         ON CONFLICT (session_id) DO NOTHING
       )
       SELECT access_expires_at AS until FROM ended`,
      [sessionId, this.clock.date(), reason],
    );
    if (ended !== undefined) await this.#remember([{ id: sessionId, until: ended.until }]);
  }

  /**
   * Ends every session of a user, but for the one to keep; together with what is done `within` the same transaction.
   * Their access tokens are refused from the moment this resolves, also where the user is gone.
   */
  async revokeAll(userId: string, reason: EndReason, { keep, within }: RevokeAllOptions = {}): Promise<void> {
    const ended = await this.database.transaction(async (manager) => {
      // No session begins until this is done: an insert must share the lock of its user's row.
      await manager.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [userId]);
      const rows: { id: string; until: Date }[] = await manager.query(
        `WITH ended AS (
           UPDATE sessions SET ended_at = $2, end_reason = $3
            WHERE user_id = $1 AND id IS DISTINCT FROM $4 AND ended_at IS NULL
           RETURNING id, access_expires_at
         ), entry AS (
           INSERT INTO revocations (session_id, expires_at) SELECT id, access_expires_at FROM ended
           WHERE access_expires_at > $2 ON CONFLICT (session_id) DO NOTHING
         )
         SELECT id, access_expires_at AS until FROM ended`,
        [userId, this.clock.date(), reason, keep ?? null],
      );
      await within?.(manager);
      return rows;
    });
    await this.#remember(ended);
  }

  /** Takes entries into memory, unless they are over; now and then throws out those that are. */
  async #remember(entries: { id: string; until: Date }[]): Promise<void> {
    const now = this.clock.now();
    for (const { id, until } of entries) {
      if (until.getTime() > now) this.#until.set(id, until.getTime());
    }
    this.#sincePruned += entries.length;
    if (this.#sincePruned < PRUNE_EVERY) return;
    // What was revoked is revoked: a clean-up that fails is the next one's to do.
    await this.prune().catch((err) => this.#logger.warn({ err, msg: 'revocations that are over were not thrown out' }));
  }

  /** Throws out the entries that are over, here and in the database. */
  async prune(): Promise<void> {
    this.#sincePruned = 0;
    const now = this.clock.date();
    for (const [sessionId, until] of this.#until) {
      if (until <= now.getTime()) this.#until.delete(sessionId);
    }
    await this.database.query('DELETE FROM revocations WHERE expires_at <= $1', [now]);
  }
}
