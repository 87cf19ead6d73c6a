import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

/** Any number that no other user of the database takes: "portero" in ASCII. */
const ADVISORY_LOCK = '31650749286541935';

/**
 * Brings the schema up to date (`run`) or takes back the last migration (`revert`), in one transaction: all of it
 * happens or nothing. Instances that start together wait for the one that migrates, by an advisory lock that is the
 * transaction's, not the session's: behind a pooler in transaction mode the two are not the same.
 *
 * @returns the names of the migrations run or taken back
 */
export async function migrate(dataSource: DataSource, direction: 'run' | 'revert' = 'run'): Promise<string[]> {
  return await dataSource.transaction('READ COMMITTED', async ({ queryRunner }) => {
    const runner = queryRunner as QueryRunner;
    // Whatever is set for the role: a migration may take longer, and so may the wait for it.
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'all';
    if (direction === 'run') return (await executor.executePendingMigrations()).map(({ name }) => name);
    const last = (await executor.getExecutedMigrations())[0];
    await executor.undoLastMigration();
    return last ? [last.name] : [];
  });
}
