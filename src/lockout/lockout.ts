import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { databaseTime, interval } from '../database/database-time.js';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** A place among the attempts that may be wrong before the account must wait. End it by one of the three, once. */
export interface Reservation {
  /** The password was wrong: it stays counted. */
  wrong(): Promise<void>;
  /** It was right: everything before it is forgotten. */
  right(): Promise<void>;
  /** It was not checked at all: uncounted. */
  unchecked(): Promise<void>;
}

/** No password is checked for this many milliseconds. */
export interface Locked {
  lockedMs: number;
}

interface Row {
  granted: boolean;
  /** For how long it is still locked, by the time of the database. Zero or less: not at all. */
  locked_ms: number | null;
  reserved_ms_ago: number;
  pending: number;
}

/** While attempts are being checked elsewhere that may turn out right, how often to look again. */
const POLL_MS = 50;
/** A check that takes longer than its turn and this died with its process. */
const CHECK_MS = 10_000;

/**
 * Counts wrong passwords in a row by key, and makes a key wait after too many. An attempt is counted as wrong before
 * it is checked, by one statement that judges and counts at once, and taken back when it was right: of any number of
 * guesses at once, on any number of instances, no more are checked than may be wrong.
 */
@Injectable()
export class Lockout {
  readonly #gate: ConcurrencyLimit;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    @InjectDataSource() private readonly database: DataSource,
  ) {
    this.#gate = new ConcurrencyLimit(config.lockout.after, config.hashQueueTimeout);
  }

  /** Counts an attempt under a key, unless the key must wait. */
  async reserve(key: Buffer): Promise<Reservation | Locked> {
    const leave = await this.#gate.enter(key.toString('hex'));
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

  /** @returns for how long the key is locked, if it is */
  async #reserve(key: Buffer): Promise<number | undefined> {
    const patience = this.clock.monotonic() + this.config.hashQueueTimeout;
    for (;;) {
      const [row]: [Row?] = await this.database.query(RESERVE, [key, this.clock.databaseTime(), ...this.#rules]);
      if (row?.granted) return undefined;
      const lockedMs = row?.locked_ms ?? 0;
      // Nothing to see, since the row is newer than the statement; or its attempts are still being checked.
      const undecided = lockedMs <= 0 || this.#isBeingChecked(row);
      if (!undecided || this.clock.monotonic() >= patience) return Math.max(lockedMs, 1000);
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
    const settle = async (statement: string) => {
      try {
        await this.database.query(statement, [key]);
      } finally {
        leave();
      }
    };
    return {
      wrong: () => settle('UPDATE login_failures SET pending = GREATEST(pending - 1, 0) WHERE key = $1'),
      right: () => settle('DELETE FROM login_failures WHERE key = $1'),
      unchecked: () =>
        settle(
          `UPDATE login_failures SET failures = GREATEST(failures - 1, 0), pending = GREATEST(pending - 1, 0),
                  locked_until = NULL WHERE key = $1`,
        ),
    };
  }
}

const NOW = databaseTime('$2');
const inFuture = (milliseconds: string) => `${NOW} + ${interval(milliseconds)}`;
/** Milliseconds from now to a time. */
const until = (time: string) => `(extract(epoch FROM ${time} - ${NOW}) * 1000)::float8`;

/** When the wait after the n-th wrong one in a row is over: n beyond the first to lock doubles it. */
const lockedUntil = (n: string) =>
  `CASE WHEN ${n} >= $3::int
        THEN ${inFuture(`LEAST($4::float8 * power(2, LEAST(${n} - $3::int, 30)), $5::float8)`)} END`;

const NEXT = `CASE WHEN f.expires_at <= ${NOW} THEN 1 ELSE f.failures + 1 END`;

/**
 * $1 key, $2 time, $3 after how many to lock, $4 first wait, $5 longest wait, $6 when to forget. The conflicting row is
 * locked and judged as it then is, so one statement at a time counts.
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
