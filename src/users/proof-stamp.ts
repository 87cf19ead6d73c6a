/**
 * `users.updated_at` is the stamp of what a proof of a user rests on: the password, and that the user may log in. Whoever
 * changes either writes a new stamp, which no earlier proof has, whatever the clocks do.
 *
 * @param now the parameter that holds the time
 */
export function nextStamp(now: string): string {
  return `GREATEST(${now}::timestamptz, date_trunc('milliseconds', updated_at) + interval '1 millisecond')`;
}

/** Whether a user is still the one that was read. @param stamp the parameter that holds its `updatedAt`, to the millisecond */
export function hasStamp(stamp: string): string {
  return `date_trunc('milliseconds', u.updated_at) = ${stamp}`;
}
