import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';

const BATCH = 1000;
const MAX_INTERVAL_MS = 60_000;

/** Returns the IDs of rows that another transaction has locked. */
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

/** When this instance last saw each session. Written to the database at intervals, in batches. */
@Injectable()
export class LastSeen implements OnApplicationBootstrap, OnModuleDestroy {
  /** The interval of writes, in milliseconds: at most a quarter of the idle timeout. */
  readonly intervalMs: number;
  readonly #logger = new Logger(LastSeen.name);
  readonly #seen = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    config: Config,
    private readonly clock: Clock,
  ) {
    this.intervalMs = Math.min(MAX_INTERVAL_MS, config.sessionIdleTtl / 4);
  }

  onApplicationBootstrap(): void {
    const write = () =>
      this.write().catch((err) => this.#logger.warn({ err, msg: 'the last-seen times of sessions were not written' }));
    this.#timer = setInterval(write, this.intervalMs).unref();
  }

  /** Writes the remaining times. An unreachable database must not delay the shutdown. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.write().catch(() => {});
  }

  note(sessionId: string): void {
    this.#seen.set(sessionId, this.clock.now());
  }

  /** Milliseconds since the epoch, or undefined if no time of the session waits to be written. */
  of(sessionId: string): number | undefined {
    return this.#seen.get(sessionId);
  }

  /**
   * Writes all waiting times. Failed and locked rows wait for the next write. A batch does not wait for locked rows, because
   * it would delay the refreshes of all its other sessions, and could deadlock with a logout.
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
