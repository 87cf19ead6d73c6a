/** The time of this instance. A test replaces it with one that it can move. */
export class Clock {
  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }

  /** The same instant as a `Date`, for a database column. */
  date(): Date {
    return new Date(this.now());
  }

  /** Whole seconds since the epoch, as a JWT's NumericDate (RFC 7519 §2). */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /**
   * The time by which the statements of the database decide (see database/database-time.ts): null, which is the
   * database's own. Only a test that moves time answers another.
   */
  databaseTime(): Date | null {
    return null;
  }

  /** Milliseconds since some moment, for lengths of time: goes on evenly whatever is done to the wall clock. */
  monotonic(): number {
    return performance.now();
  }
}
