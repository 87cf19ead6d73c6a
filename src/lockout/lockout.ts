import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { databaseTime, interval } from '../database/database-time.js';
import { insertEntry } from '../outbox/outbox-rows.js';
import { ConcurrencyLimit } from '../rate-limits/concurrency-limit.js';

/** An attempt that counts as wrong while it is checked. Call one method, once. */
export interface Reservation {
  /**
   * The password was wrong, so the attempt stays counted.
   *
   * @param locked an entry of the outbox, added if this attempt locks the key out for the first time
   */
  wrong(locked?: string): Promise<void>;
  /** The password was right. Resets the count. */
  right(): Promise<void>;
  /** The password was not checked, so the attempt is no longer counted. */
  unchecked(): Promise<void>;
}

/** The key is locked out. */
export interface Locked {
  /** The rest of the lockout, in milliseconds. */
  lockedMs: number;
}

interface Row {
  granted: boolean;
  /** The rest of the lockout by the clock of the database, in milliseconds. Zero or less if there is none. */
  locked_ms: number | null;
  reserved_ms_ago: number;
  pending: number;
}

/** The interval of queries while attempts that may be right are checked elsewhere. */
const POLL_MS = 50;
/** The longest duration of a check after its wait in the queue. If it takes longer, its process has probably died. */
const CHECK_MS = 10_000;

/**
 * Counts wrong passwords in a row by key, and locks a key out after too many. An attempt is counted as wrong before it is
 * checked, by one statement that checks the lockout too, and uncounted if the password was right. So concurrent guesses on
 * several instances can't exceed the limit.
 */
@Injectable()
export class Lockout {
  readonly #concurrency: ConcurrencyLimit;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    @InjectDataSource() private readonly database: DataSource,
  ) {
    this.#concurrency = new ConcurrencyLimit(config.lockout.after, config.hashQueueTimeout);
  }

  /** Counts an attempt under a key, unless the key is locked out. */
  async reserve(key: Buffer): Promise<Reservation | Locked> {
    const leave = await this.#concurrency.enter(key.toString('hex'));
    if (leave === undefined) return { lockedMs: 1000 };
    try {
      const lockedMs = await this.#reserve(key);
      if (lockedMs === undefined) return this.#reservation(key, leave);
      leave();
      return { lockedMs };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Resets the count of a key, and ends its lockout. */
  async reset(key: Buffer): Promise<void> {
    await this.database.query('DELETE FROM login_failures WHERE key = $1', [key]);
  }

  /** @returns the rest of the lockout in milliseconds, or undefined if the attempt was counted */
  async #reserve(key: Buffer): Promise<number | undefined> {
    const deadline = this.clock.monotonic() + this.config.hashQueueTimeout;
    for (;;) {
      const [row]: [Row?] = await this.database.query(RESERVE, [key, this.clock.databaseTime(), ...this.#rules]);
      if (row?.granted) return undefined;
      const lockedMs = row?.locked_ms ?? 0;
      // Undecided: the row is newer than the snapshot of the statement, or its attempts are still being checked.
      const undecided = lockedMs <= 0 || this.#isBeingChecked(row);
      if (!undecided || this.clock.monotonic() >= deadline) return Math.max(lockedMs, 1000);
      await sleep(POLL_MS);
    }
  }

  #isBeingChecked(row: Row | undefined): boolean {
    if (!row || row.pending === 0) return false;
    return row.reserved_ms_ago < this.config.hashQueueTimeout + CHECK_MS;
  }

  get #rules(): number[] {
    const { after, wait, maxWait, forgetAfter } = this.config.lockout;
    return [after, wait, maxWait, forgetAfter];
  }

  #reservation(key: Buffer, leave: () => void): Reservation {
    const settle = async (statement: string, ...more: unknown[]) => {
      try {
        await this.database.query(statement, [key, ...more]);
      } finally {
        leave();
      }
    };
    return {
      wrong: (locked) => settle(WRONG, this.config.lockout.after, locked ?? null),
      right: () => settle('DELETE FROM login_failures WHERE key = $1'),
      unchecked: () =>
        settle(
          `UPDATE login_failures SET failures = GREATEST(failures - 1, 0), pending = GREATEST(pending - 1, 0),
                  locked_until = NULL WHERE key = $1`,
        ),
    };
  }
}

/** $1 key, $2 the number of wrong passwords that locks, $3 an entry of the outbox, or null. */
const WRONG = `
  WITH counted AS (UPDATE login_failures SET pending = GREATEST(pending - 1, 0) WHERE key = $1 RETURNING failures)
  ${insertEntry('$3', 'SELECT FROM counted WHERE failures = $2::int AND $3::jsonb IS NOT NULL')}`;

const NOW = databaseTime('$2');
const inFuture = (milliseconds: string) => `${NOW} + ${interval(milliseconds)}`;
/** Milliseconds from now to a time. */
const until = (time: string) => `(extract(epoch FROM ${time} - ${NOW}) * 1000)::float8`;

/** When the lockout after the n-th wrong password in a row ends. Each further wrong password doubles its duration. */
const lockedUntil = (n: string) =>
  `CASE WHEN ${n} >= $3::int
        THEN ${inFuture(`LEAST($4::float8 * power(2, LEAST(${n} - $3::int, 30)), $5::float8)`)} END`;

const NEXT = `CASE WHEN f.expires_at <= ${NOW} THEN 1 ELSE f.failures + 1 END`;

/**
 * $1 key, $2 time, $3 the number of wrong passwords that locks, $4 first duration, $5 longest duration, $6 when the count
 * expires. ON CONFLICT locks the row and reads its newest version, so concurrent statements count one after the other.
 */
const RESERVE = `
  WITH reserved AS (
    INSERT INTO login_failures AS f (key, failures, pending, reserved_at, locked_until, expires_at)
    VALUES ($1, 1, 1, ${NOW}, ${lockedUntil('1')}, ${inFuture('$6::float8')})
    ON CONFLICT (key) DO UPDATE SET
      failures = ${NEXT},
      pending = CASE WHEN f.expires_at <= ${NOW} THEN 1 ELSE f.pending + 1 END,
      reserved_at = ${NOW},
      locked_until = ${lockedUntil(`(${NEXT})`)},
      expires_at = ${inFuture('$6::float8')}
    WHERE f.locked_until IS NULL OR f.locked_until <= ${NOW} OR f.expires_at <= ${NOW}
    RETURNING key
  )
  SELECT true AS granted, NULL::float8 AS locked_ms, 0::float8 AS reserved_ms_ago, 0 AS pending FROM reserved
  UNION ALL
  SELECT false, ${until('f.locked_until')}, -${until('f.reserved_at')}, f.pending FROM login_failures f
   WHERE f.key = $1 AND NOT EXISTS (SELECT FROM reserved)`;
