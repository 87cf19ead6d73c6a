import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { TidyUp } from '../database/tidy-up.js';

/** The tables of counts, and the column that tells when a row is over. */
const TABLES = { rate_limits: 'expire', login_failures: 'expires_at' };

/** Has the counts that are over thrown out, and the tables of counts kept within bounds. */
@Injectable()
export class ExpiredCounts {
  /** Of each table, about 150 MB: beyond that the rows that were to go first go now. */
  mostRows = 1_000_000;

  constructor(tidyUp: TidyUp, clock: Clock) {
    for (const [table, end] of Object.entries(TABLES)) {
      const now = () => [table === 'rate_limits' ? clock.now() : clock.date()];
      tidyUp.of({ table, key: 'key', which: `AND ${end} <= $1`, parameters: now });
      tidyUp.of({ table, key: 'key', which: `ORDER BY ${end} DESC OFFSET $1`, parameters: () => [this.mostRows] });
    }
  }
}
