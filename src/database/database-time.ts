/**
 * The time by which a statement decides: that of the database, since the clocks of instances differ. It stands still
 * within a transaction.
 *
 * @param parameter the one that holds `Clock.databaseTime()`, such as `$3`
 */
export function databaseTime(parameter: string): string {
  return `COALESCE(${parameter}::timestamptz, now())`;
}

/** The same, but going on within a transaction: for what an UPDATE writes after it has waited for a lock. */
export function databaseTimeAtWrite(parameter: string): string {
  return `COALESCE(${parameter}::timestamptz, clock_timestamp())`;
}

/** @param milliseconds an SQL expression */
export function interval(milliseconds: string): string {
  return `(${milliseconds})::float8 * interval '1 millisecond'`;
}
