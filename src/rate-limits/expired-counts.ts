import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime } from '../database/database-time.js';

const NOW = databaseTime('$1');

/** The tables of counters, the column with the time of expiry, and the current time in the same unit. */
const TABLES = [
  { table: 'rate_limits', end: 'expire', now: `(extract(epoch FROM ${NOW}) * 1000)::bigint` },
  { table: 'login_failures', end: 'expires_at', now: NOW },
];

/** Registers the cleanup of expired counters, and of the oldest ones if a table has too many rows. */
@Injectable()
export class ExpiredCounts {
  /** Maximum rows per table, about 150 MB. Beyond that, the rows that would expire first are deleted. */
  mostRows = 1_000_000;

  constructor(cleanup: Cleanup, clock: Clock) {
    for (const { table, end, now } of TABLES) {
      const time = () => [clock.databaseTime()];
      cleanup.of({ table, key: 'key', which: `AND ${end} <= ${now} ORDER BY ${end}`, parameters: time });
      // Finds the first surplus row by the index alone, so other rows are neither read nor locked.
      const excess = `AND ${end} <= (SELECT ${end} FROM ${table} ORDER BY ${end} DESC OFFSET $1 LIMIT 1) ORDER BY ${end}`;
      cleanup.of({ table, key: 'key', which: excess, parameters: () => [this.mostRows] });
    }
  }
}
