import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { StartRefused } from '../config/start-refused.js';

/** Any number that no other user of the database takes: "portero" in ASCII. */
const ADVISORY_LOCK = '31650749286541935';

/**
 * Brings the schema up to date (`run`) or takes back the last migration (`revert`), in one transaction: all of it
 * happens or nothing. Instances that start together wait for the one that migrates, by an advisory lock that is the
 * transaction's, not the session's: behind a pooler in transaction mode the two are not the same.
 *
 * @returns the names of the migrations run or taken back
 * @throws StartRefused where a newer release has migrated the database
 */
export async function migrate(dataSource: DataSource, direction: 'run' | 'revert' = 'run'): Promise<string[]> {
  return await dataSource.transaction('READ COMMITTED', async ({ queryRunner }) => {
    const runner = queryRunner as QueryRunner;
    // Whatever is set for the role: a migration may take longer, and so may the wait for it.
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'all';
    await refuseNewerSchema(dataSource, executor);
    if (direction === 'run') return (await executor.executePendingMigrations()).map(({ name }) => name);
    const last = (await executor.getExecutedMigrations())[0];
    await executor.undoLastMigration();
    return last ? [last.name] : [];
  });
}

/** What a newer release changed, this one neither knows nor can take back. */
async function refuseNewerSchema({ migrations }: DataSource, executor: MigrationExecutor): Promise<void> {
  const known = new Set(migrations.map(nameOf));
  const [last] = (await executor.getExecutedMigrations()).sort((a, b) => b.timestamp - a.timestamp);
  if (last === undefined || known.has(last.name)) return;
  // A migration's name ends in its time, 13 digits: TypeORM reads it the same way.
  const newest = Math.max(...[...known].map((name) => Number(name.slice(-13))));
  if (last.timestamp < newest) return;
  throw new StartRefused(
    `the database has been migrated by a newer release of Portero (${last.name} is not known to this one); run that release, or take its migrations back with it (npm run migration:revert)`,
  );
}

const nameOf = (migration: { name?: string }) => migration.name ?? migration.constructor.name;
