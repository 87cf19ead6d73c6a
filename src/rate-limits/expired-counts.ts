import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime } from '../database/database-time.js';

const NOW = databaseTime('$1');

/** The tables of counts, the column that tells when a row is over, and now as that column has it. */
const TABLES = [
  { table: 'rate_limits', end: 'expire', now: `(extract(epoch FROM ${NOW}) * 1000)::bigint` },
  { table: 'login_failures', end: 'expires_at', now: NOW },
];

/** Has the counts that are over thrown out, and the tables of counts kept within bounds. */
@Injectable()
export class ExpiredCounts {
  /** Of each table, about 150 MB: beyond that the rows that were to go first go now. */
  mostRows = 1_000_000;

  constructor(cleanup: Cleanup, clock: Clock) {
    for (const { table, end, now } of TABLES) {
      const time = () => [clock.databaseTime()];
      cleanup.of({ table, key: 'key', which: `AND ${end} <= ${now}`, parameters: time });
      // Where the rows begin that are too many is read from the index alone: rows that may stay are neither read nor locked.
      const excess = `AND ${end} <= (SELECT ${end} FROM ${table} ORDER BY ${end} DESC OFFSET $1 LIMIT 1) ORDER BY ${end}`;
      cleanup.of({ table, key: 'key', which: excess, parameters: () => [this.mostRows] });
    }
  }
}
