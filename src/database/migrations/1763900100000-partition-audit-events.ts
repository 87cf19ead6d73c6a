import type { MigrationInterface, QueryRunner } from 'typeorm';

const MONTHS_AHEAD = 3;

/**
 * Partitions the events by month, so that retention drops tables instead of deleting rows.
 *
 * The key is the id: a UUIDv7, whose first 48 bits are the time. So the primary key and the indexes stay as they are. The
 * table from before becomes the partition of everything until the end of this month, without being copied.
 */
export class PartitionAuditEvents1763900100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const [{ now }]: [{ now: Date }] = await runner.query('SELECT now()');
    await runner.query('DROP TRIGGER audit_events_keep_rows ON audit_events');
    await runner.query('DROP TRIGGER audit_events_append_only ON audit_events');
    await rename(runner, 'audit_events', 'audit_events_early');
    await runner.query('DROP INDEX audit_events_by_type');
    await runner.query(
      'CREATE TABLE audit_events (LIKE audit_events_early INCLUDING CONSTRAINTS, PRIMARY KEY (id)) PARTITION BY RANGE (id)',
    );
    await runner.query('CREATE INDEX audit_events_by_user ON audit_events (user_id, id) WHERE user_id IS NOT NULL');
    // Begins with another column than the one by user: so no plan can take that one and sort what it finds.
    await runner.query(
      'CREATE INDEX audit_events_by_type ON audit_events (type, user_id, id) WHERE user_id IS NOT NULL',
    );
    await this.#addPartitions(runner, now);
    // For each row, also where a statement names a partition; for each statement, also where it finds no row.
    await runner.query(`
      CREATE TRIGGER audit_events_keep_rows BEFORE UPDATE OR DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_events()`);
    await runner.query(`
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`);
  }

  async #addPartitions(runner: QueryRunner, now: Date): Promise<void> {
    const names = ['audit_events_early', 'audit_events_default'];
    const month = (offset: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset));
    const end = firstIdOf(month(1));
    await runner.query('CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT');
    for (let offset = 1; offset <= MONTHS_AHEAD; offset++) {
      const name = `audit_events_${month(offset).toISOString().slice(0, 7).replace('-', '_')}`;
      await runner.query(createPartition(name, firstIdOf(month(offset)), firstIdOf(month(offset + 1))));
      names.push(name);
    }
    // Of a clock that ran ahead.
    await runner.query(
      `WITH later AS (DELETE FROM audit_events_early WHERE id >= $1 RETURNING *) INSERT INTO audit_events SELECT * FROM later`,
      [end],
    );
    await runner.query(attachEarly(end));
    for (const name of names) await runner.query(refuseTruncate(name));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_events DETACH PARTITION audit_events_early');
    await runner.query('INSERT INTO audit_events_early SELECT * FROM audit_events');
    await runner.query('DROP TABLE audit_events');
    await runner.query(dropIndex(await indexByType(runner)));
    await rename(runner, 'audit_events_early', 'audit_events');
    await runner.query(
      'CREATE INDEX audit_events_by_type ON audit_events (user_id, type, id) WHERE user_id IS NOT NULL',
    );
    await runner.query('DROP TRIGGER audit_events_no_truncate ON audit_events');
    await runner.query(`
      CREATE TRIGGER audit_events_keep_rows BEFORE DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_events()`);
    await runner.query(`
      CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`);
  }
}

// Names and bounds cannot be parameters. All of them come from this file and from the database's clock and catalog.
const createPartition = (name: string, from: string, to: string) =>
  `CREATE TABLE ${name} PARTITION OF audit_events FOR VALUES FROM ('${from}') TO ('${to}')`;
const attachEarly = (end: string) =>
  `ALTER TABLE audit_events ATTACH PARTITION audit_events_early FOR VALUES FROM (MINVALUE) TO ('${end}')`;
const refuseTruncate = (name: string) =>
  `CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON ${name}
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events()`;
const renameRelation = (kind: 'TABLE' | 'INDEX', from: string, to: string) => `ALTER ${kind} ${from} RENAME TO ${to}`;
const dropIndex = (name: string) => `DROP INDEX ${name}`;

/** The name that PostgreSQL gave to this index of the first partition. */
async function indexByType(runner: QueryRunner): Promise<string> {
  const [{ name }] = await runner.query(
    `SELECT indexrelid::regclass::text AS name FROM pg_index
      WHERE indrelid = 'audit_events_early'::regclass AND pg_get_indexdef(indexrelid) LIKE '%(type, user_id, id)%'`,
  );
  return name;
}

/** Renames the table, its primary key and its index by user. */
async function rename(runner: QueryRunner, from: string, to: string): Promise<void> {
  await runner.query(renameRelation('TABLE', from, to));
  for (const index of ['pkey', 'by_user']) {
    await runner.query(renameRelation('INDEX', `${from}_${index}`, `${to}_${index}`));
  }
}

/** The least UUIDv7 of a moment. */
function firstIdOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
