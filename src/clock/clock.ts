/** The clock of this instance. Tests replace it with one that they can move. */
export class Clock {
  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }

  /** {@link now} as a `Date`, for a database column. */
  date(): Date {
    return new Date(this.now());
  }

  /** Whole seconds since the epoch, as a JWT's NumericDate (RFC 7519 §2). */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /**
   * The time that SQL statements use (see database/database-time.ts). Null means the clock of the database; only tests that
   * move time return something else.
   */
  databaseTime(): Date | null {
    return null;
  }

  /** Milliseconds of a monotonic clock, for durations: setting the wall clock does not change it. */
  monotonic(): number {
    return performance.now();
  }
}
