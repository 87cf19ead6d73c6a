/**
 * SQL for the current time of the database, because the clocks of instances differ. Constant within a transaction.
 *
 * @param parameter the parameter with `Clock.databaseTime()`, such as `$3`
 */
export function databaseTime(parameter: string): string {
  return `COALESCE(${parameter}::timestamptz, now())`;
}

/** The same, but not constant within a transaction: for an UPDATE that may wait for a lock. */
export function databaseTimeAtWrite(parameter: string): string {
  return `COALESCE(${parameter}::timestamptz, clock_timestamp())`;
}

/** @param milliseconds an SQL expression */
export function interval(milliseconds: string): string {
  return `(${milliseconds})::float8 * interval '1 millisecond'`;
}
