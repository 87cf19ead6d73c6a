import type { QueryRunner } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { notify, type Query } from '../database/feed/feed-connection.js';
import { type Revocation, RevocationLog } from '../sessions/revocation/revocation-log.js';

/**
 * Ends sessions, and notifies all instances after each commit. They reject the sessions at once, or within a second if the
 * notification is lost.
 *
 * @returns the number of sessions
 */
export async function endSessions(
  session: QueryRunner,
  end: (log: RevocationLog) => AsyncIterable<Revocation[]> | Promise<Revocation[]>,
): Promise<number> {
  const query: Query = (sql, parameters) => session.query(sql, parameters);
  const ended = end(new RevocationLog(session.manager, new Clock()));
  let count = 0;
  for await (const revocations of 'then' in ended ? [ended] : ended) {
    count += revocations.length;
    if (revocations.length > 0) await notify(query);
  }
  return count;
}
