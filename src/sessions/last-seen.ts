import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';

const BATCH = 1000;
const LONGEST_INTERVAL_MS = 60_000;

/** Answers those that somebody else has locked. */
const WRITE = `
  WITH due AS (
    SELECT s.id, seen.at FROM sessions s JOIN unnest($1::uuid[], $2::timestamptz[]) AS seen (id, at) ON s.id = seen.id
     WHERE s.ended_at IS NULL AND s.last_seen_at < seen.at
  ), free AS (
    SELECT id FROM sessions WHERE id IN (SELECT id FROM due) FOR UPDATE SKIP LOCKED
  ), written AS (
    UPDATE sessions s SET last_seen_at = GREATEST(s.last_seen_at, due.at)
      FROM due JOIN free ON free.id = due.id WHERE s.id = due.id
  )
  SELECT id FROM due WHERE id NOT IN (SELECT id FROM free)`;

/** When sessions were last seen by this instance; written to the database now and then, many at once. */
@Injectable()
export class LastSeen implements OnApplicationBootstrap, OnModuleDestroy {
  /** How often a session is written at the most, in milliseconds: so its idle time is never judged by old news. */
  readonly intervalMs: number;
  readonly #logger = new Logger(LastSeen.name);
  readonly #seen = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    config: Config,
    private readonly clock: Clock,
  ) {
    this.intervalMs = Math.min(LONGEST_INTERVAL_MS, config.sessionIdleTtl / 4);
  }

  onApplicationBootstrap(): void {
    const write = () =>
      this.write().catch((err) => this.#logger.warn({ err, msg: 'when sessions were last seen was not written' }));
    this.#timer = setInterval(write, this.intervalMs).unref();
  }

  /** What was not written is written, unless the database is gone: that must not hold up a stop. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.write().catch(() => {});
  }

  note(sessionId: string): void {
    this.#seen.set(sessionId, this.clock.now());
  }

  /** Milliseconds since the epoch, where this instance has seen the session and not written it yet. */
  of(sessionId: string): number | undefined {
    return this.#seen.get(sessionId);
  }

  /**
   * Writes what has not been written. What fails, or is locked, is tried again, unless it was seen again meanwhile:
   * a batch that waited for one row would hold up the refreshes of all the others, and could deadlock with a logout.
   */
  async write(): Promise<void> {
    const entries = [...this.#seen];
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      const locked: { id: string }[] = await this.database.query(WRITE, [
        batch.map(([id]) => id),
        batch.map(([, at]) => new Date(at)),
      ]);
      const again = new Set(locked.map(({ id }) => id));
      for (const [id, at] of batch) if (this.#seen.get(id) === at && !again.has(id)) this.#seen.delete(id);
    }
  }
}
