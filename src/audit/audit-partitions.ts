import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import { Cleanup } from '../database/cleanup.js';
import { firstIdOf } from './event-id.js';
import { listPartitions, type Partition } from './partition-list.js';

/** The advisory lock for adding and dropping partitions: "events" in ASCII. */
const ADVISORY_LOCK = '111533497840755';
/** Partitions exist for the current month and this many months after it. */
const MONTHS_AHEAD = 3;
/** Adding and dropping lock the table exclusively, so other queries wait behind them. Retried after a minute. */
const LOCK_TIMEOUT = `SET LOCAL lock_timeout = '1s'`;

interface Month {
  name: string;
  from: string;
  to: string;
}

const HAS_DEFAULT_ROWS = 'SELECT FROM audit_events_default WHERE id >= $1 AND id < $2 LIMIT 1';

const addPartition = ({ name, from, to }: Month) =>
  `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF audit_events FOR VALUES FROM ('${from}') TO ('${to}')`;

const dropPartition = (name: string) => `DROP TABLE ${name}`;

/** PostgreSQL copies the other triggers of the table to new partitions, but not the one for TRUNCATE. */
const refuseTruncate = (name: string) =>
  `CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON ${name}
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`;

/**
 * Adds the monthly partitions of the events in advance, and drops them once all their events are older than
 * `AUDIT_RETENTION` by the clock of the database.
 */
@Injectable()
export class AuditPartitions implements OnModuleInit {
  readonly #logger = new Logger(AuditPartitions.name);

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
    cleanup: Cleanup,
  ) {
    cleanup.alsoRun(() => this.maintain());
  }

  /** An error does not prevent the start, because events without a partition go into the default one. */
  async onModuleInit(): Promise<void> {
    await this.maintain().catch((err) =>
      this.#logger.warn({ err, msg: 'the partitions of audit events could not be maintained' }),
    );
  }

  /** Adds missing partitions and drops expired ones. Does nothing while another instance does the same. */
  async maintain(): Promise<void> {
    if (isEmpty(await this.#due(this.database.manager))) return;
    const dropped = await this.database.transaction(async (manager) => {
      await manager.query(LOCK_TIMEOUT);
      const [{ locked }] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [ADVISORY_LOCK]);
      if (!locked) return [];
      const { missing, expired } = await this.#due(manager);
      for (const month of missing) {
        await manager.query(addPartition(month));
        await manager.query(refuseTruncate(month.name));
      }
      for (const name of expired) await manager.query(dropPartition(name));
      return expired;
    });
    for (const partition of dropped) this.#logger.log({ msg: 'events past AUDIT_RETENTION were dropped', partition });
  }

  async #due(manager: EntityManager): Promise<{ missing: Month[]; expired: string[] }> {
    const partitions = await listPartitions((sql, parameters) => manager.query(sql, parameters));
    const [{ now }]: [{ now: Date }] = await manager.query('SELECT now()');
    const missing: Month[] = [];
    for (const month of monthsFrom(now)) {
      if (partitions.some((one) => covers(one, month.from))) continue;
      // PostgreSQL can't add a partition if the default one has rows for it. They stay there until they are deleted.
      const rows: unknown[] = await manager.query(HAS_DEFAULT_ROWS, [month.from, month.to]);
      if (rows.length === 0) missing.push(month);
    }
    const cutoff = firstIdOf(new Date(now.getTime() - this.config.auditRetention));
    const expired = partitions.filter(({ from, to }) => from !== null && to !== null && to <= cutoff);
    return { missing, expired: expired.map(({ name }) => name) };
  }
}

const isEmpty = ({ missing, expired }: { missing: unknown[]; expired: unknown[] }) =>
  missing.length === 0 && expired.length === 0;

const covers = ({ from, to }: Partition, id: string) => to !== null && id < to && (from === null || from <= id);

/** The month of `now` and the months after it, in UTC. */
function monthsFrom(now: Date): Month[] {
  const start = (offset: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset));
  return Array.from({ length: MONTHS_AHEAD + 1 }, (_, offset) => ({
    name: `audit_events_${start(offset).toISOString().slice(0, 7).replace('-', '_')}`,
    from: firstIdOf(start(offset)),
    to: firstIdOf(start(offset + 1)),
  }));
}
