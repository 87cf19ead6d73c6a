import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import type { EndReason } from './session.entity.js';

const PRUNE_EVERY = 1000;

/**
 * The sessions that ended while one of their access tokens may still be alive. Kept in the database, so that they
 * outlive a restart, and in memory, so that a request asks nobody.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  /** Session id to the time, in milliseconds, at which its last access token is over. */
  readonly #until = new Map<string, number>();
  #sincePruned = 0;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const now = this.clock.date();
    await this.database.query('DELETE FROM revocations WHERE expires_at <= $1', [now]);
    const rows: { session_id: string; expires_at: Date }[] = await this.database.query(
      'SELECT session_id, expires_at FROM revocations WHERE expires_at > $1',
      [now],
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
         INSERT INTO revocations (session_id, expires_at) SELECT id, access_expires_at FROM ended
         ON CONFLICT (session_id) DO NOTHING
       )
       SELECT access_expires_at AS until FROM ended`,
      [sessionId, this.clock.date(), reason],
    );
    if (ended === undefined) return;
    this.#until.set(sessionId, ended.until.getTime());
    this.#prune();
  }

  #prune(): void {
    this.#sincePruned += 1;
    if (this.#sincePruned < PRUNE_EVERY) return;
    this.#sincePruned = 0;
    const now = this.clock.now();
    for (const [sessionId, until] of this.#until) {
      if (until <= now) this.#until.delete(sessionId);
    }
  }
}
