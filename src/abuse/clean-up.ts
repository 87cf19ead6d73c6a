import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';

const EVERY_MS = 60_000;
const BATCH = 1000;
/** Of each table, about 150 MB: beyond that the rows that were to go first go now. */
const MOST_ROWS = 1_000_000;

/** Throws out the counts that are over, in small batches, and keeps their tables within bounds. */
@Injectable()
export class CleanUp implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(CleanUp.name);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.run()
        .catch((err) => this.#logger.warn({ err, msg: 'counts that are over were not thrown out' }))
        .finally(() => {
          this.#running = undefined;
        });
    }, EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** @param mostRows that each table may hold afterwards */
  async run(mostRows = MOST_ROWS): Promise<void> {
    const now = this.clock.now();
    await this.#empty('rate_limits', 'expire', now, mostRows);
    await this.#empty('login_failures', 'expires_at', new Date(now), mostRows);
  }

  async #empty(table: string, end: string, now: number | Date, mostRows: number): Promise<void> {
    // Rows that another instance is at are left to it.
    const remove = (which: string, parameter: unknown) =>
      this.database.query(
        `DELETE FROM ${table} WHERE key IN (SELECT key FROM ${table} ${which} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
        [parameter],
      );
    while (deleted(await remove(`WHERE ${end} <= $1 ORDER BY ${end}`, now)) === BATCH);
    while (deleted(await remove(`ORDER BY ${end} DESC OFFSET $1`, mostRows)) === BATCH);
  }
}

/** How many rows a DELETE took: TypeORM answers `[rows, count]`. */
function deleted(result: [unknown, number]): number {
  return result[1];
}
