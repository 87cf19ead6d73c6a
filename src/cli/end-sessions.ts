import type { QueryRunner } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { notify, type Query } from '../database/feed/feed-connection.js';
import { type Revocation, RevocationLog } from '../sessions/revocation/revocation-log.js';

/**
 * Ends sessions as the server would, and tells every server of them once they are committed: they are refused at once,
 * and within a second by a server that no notification reaches.
 *
 * @returns how many
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

/** As a person counts them. */
export function countOfSessions(count: number): string {
  return `${count} ${count === 1 ? 'session' : 'sessions'}`;
}
