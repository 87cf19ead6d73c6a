import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { StartError } from '../config/start-error.js';

/** The advisory lock of migrations: "portero" in ASCII. */
const ADVISORY_LOCK = '31650749286541935';

/**
 * Runs all pending migrations (`run`) or reverts the last one (`revert`), in one transaction. Instances that start together wait
 * for each other with an advisory lock of the transaction; a pooler in transaction mode does not keep locks of a session.
 *
 * @returns the names of the migrations that were run or reverted
 * @throws StartError if a newer release has migrated the database
 */
export async function migrate(dataSource: DataSource, direction: 'run' | 'revert' = 'run'): Promise<string[]> {
  return await dataSource.transaction('READ COMMITTED', async ({ queryRunner }) => {
    const runner = queryRunner as QueryRunner;
    // Overrides the setting of the role: migrations, and waiting for them, may take longer.
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

/** @throws StartError if the database has migrations of a newer release */
async function refuseNewerSchema({ migrations }: DataSource, executor: MigrationExecutor): Promise<void> {
  const known = new Set(migrations.map(nameOf));
  const [last] = (await executor.getExecutedMigrations()).sort((a, b) => b.timestamp - a.timestamp);
  if (last === undefined || known.has(last.name)) return;
  // The name of a migration ends in 13 digits, its time; TypeORM relies on it too.
  const newest = Math.max(...[...known].map((name) => Number(name.slice(-13))));
  if (last.timestamp < newest) return;
  throw new StartError(
    `the database has been migrated by a newer release of Portero (${last.name} is unknown to this one). Run that release, or use it to revert its migrations (npm run migration:revert)`,
  );
}

/** The name of a migration in the table of those that were run. */
export const nameOf = (migration: { name?: string }) => migration.name ?? migration.constructor.name;
