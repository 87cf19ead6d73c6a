import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

const EVERY_MS = 60_000;
const BATCH = 1000;
/** The pause between batches in milliseconds, to keep the load on the disk low. */
const PAUSE_MS = 100;
/** The advisory lock of the instance that runs the cleanup: "tidy" in ASCII. */
const ADVISORY_LOCK = '1953063033';

/** Rows to delete. */
export interface Leftovers {
  table: string;
  /** Its primary key. */
  key: string;
  /** SQL after the condition on the key: more conditions, an order. */
  which: string;
  /** Parameters of `which` for the current time. */
  parameters(): unknown[];
}

/** Deletes expired rows every minute, in small batches, on one instance at a time. */
@Injectable()
export class Cleanup implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #leftovers: Leftovers[] = [];
  readonly #tasks: (() => Promise<void>)[] = [];
  readonly #logger = new Logger(Cleanup.name);
  readonly #stopping = new AbortController();

  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Registers rows to delete. */
  of(leftovers: Leftovers): void {
    this.#leftovers.push(leftovers);
  }

  /** Runs a task each time after rows were deleted. The task sees to it that one instance does it at a time. */
  alsoRun(task: () => Promise<void>): void {
    this.#tasks.push(task);
  }

  onApplicationBootstrap(): void {
    void this.#again();
  }

  onApplicationShutdown(): void {
    this.#stopping.abort();
  }

  /** Deletes all registered rows now. @returns their number */
  async run(): Promise<number> {
    let total = 0;
    for (const leftovers of this.#leftovers) {
      for (let deleted = BATCH; deleted === BATCH; total += deleted) {
        if (this.#stopping.signal.aborted) return total;
        deleted = await this.#deleteBatch(leftovers);
        if (deleted === BATCH) await sleep(PAUSE_MS, undefined, { ref: false });
      }
    }
    for (const task of this.#tasks) await task();
    return total;
  }

  async #again(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(EVERY_MS, undefined, { ref: false, signal }).catch(() => {});
      if (signal.aborted) return;
      await this.run().catch((err) => this.#logger.warn({ err, msg: 'cleanup failed; it will be retried' }));
    }
  }

  /** Deletes a batch in one statement, under the lock. Locked rows are skipped. */
  async #deleteBatch({ table, key, which, parameters }: Leftovers): Promise<number> {
    const [, deleted]: [unknown, number] = await this.database.query(
      `DELETE FROM ${table} WHERE ${key} IN (
         SELECT ${key} FROM ${table}
          WHERE (SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCK})) ${which}
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
      parameters(),
    );
    return deleted;
  }
}
