/**
 * SQL for statements on several sessions at once. Its plan does not depend on the statistics of the planner, which may be
 * missing or outdated: always one index scan per session, unless the whole table has few pages. No such statement waits for
 * a lock, because one locked session would delay all others, and because two statements could deadlock.
 */

/**
 * Locks the sessions of `asked (id, …)`, except those that another transaction has locked. A subquery that locks rows is not
 * merged into its outer query, so it is planned for one ID.
 *
 * @param columns further columns of the result, from the session `s` or from `asked`, with a leading comma
 */
export function lockEach(columns: string): string {
  return `SELECT free.* FROM asked CROSS JOIN LATERAL
    (SELECT s.id${columns} FROM sessions s WHERE s.id = asked.id FOR UPDATE OF s SKIP LOCKED) AS free`;
}

/**
 * Whether a session `s` is in a CTE with a column `id`. The planner does not know how long the array is, and always assumes
 * ten elements.
 */
export function isOneOf(cte: string): string {
  return `s.id = ANY (ARRAY(SELECT id FROM ${cte}))`;
}
