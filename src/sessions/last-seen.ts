import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';

const BATCH = 1000;
const LONGEST_INTERVAL_MS = 60_000;

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

  /** Writes what has not been written. What fails is tried again, unless it was seen again meanwhile. */
  async write(): Promise<void> {
    const entries = [...this.#seen];
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      await this.database.query(
        `UPDATE sessions s SET last_seen_at = seen.at
           FROM unnest($1::uuid[], $2::timestamptz[]) AS seen (id, at)
          WHERE s.id = seen.id AND s.ended_at IS NULL AND s.last_seen_at < seen.at`,
        [batch.map(([id]) => id), batch.map(([, at]) => new Date(at))],
      );
      for (const [id, at] of batch) if (this.#seen.get(id) === at) this.#seen.delete(id);
    }
  }
}
