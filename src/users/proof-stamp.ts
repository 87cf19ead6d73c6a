/**
 * `users.credentials_changed_at` is the stamp by which a transaction checks that a proof is still valid. Every change of the
 * credentials, and of whether the user may log in, sets a new stamp. It is always greater than the previous one, even if a
 * clock is set back. A rehash of the same password changes no credential. `updated_at` changes too, because the previous
 * release compares it instead.
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
