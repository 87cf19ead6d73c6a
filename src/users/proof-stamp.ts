/**
 * `users.credentials_changed_at` is the stamp that a proof of a user rests on: the credentials, and that the user may log
 * in. Whoever changes either assigns a new stamp, which no earlier proof carries, whatever the clocks do. A rehash of the
 * same password changes no credential. `updated_at` changes with it: the release before this one compares that.
 *
 * @param now the parameter that holds the time
 * @returns assignments for the SET of an UPDATE of `users`
 */
export function setNewStamp(now: string): string {
  const next = (column: string) =>
    `${column} = GREATEST(${now}::timestamptz, date_trunc('milliseconds', ${column}) + interval '1 millisecond')`;
  return `${next('credentials_changed_at')}, ${next('updated_at')}`;
}

/**
 * Whether a user's credentials are still those that were read.
 *
 * @param stamp the parameter that holds the user's `credentialsChangedAt`, to the millisecond
 */
export function hasStamp(stamp: string): string {
  return `date_trunc('milliseconds', u.credentials_changed_at) = ${stamp}`;
}
