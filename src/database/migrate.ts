import { type DataSource, MigrationExecutor } from 'typeorm';

/** Any number that no other user of the database takes: "portero" in ASCII. */
const ADVISORY_LOCK = '31650749286541935';

/**
 * Brings the schema up to date (`run`) or takes back the last migration (`revert`), under an advisory lock, so
 * that instances that start together wait for the one that migrates.
 *
 * @returns the names of the migrations run or taken back
 */
export async function migrate(dataSource: DataSource, direction: 'run' | 'revert' = 'run'): Promise<string[]> {
  // One session holds the lock and migrates: the embedded database has no second one.
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    try {
      const executor = new MigrationExecutor(dataSource, runner);
      executor.transaction = 'each';
      if (direction === 'run') return (await executor.executePendingMigrations()).map(({ name }) => name);
      const last = (await executor.getExecutedMigrations())[0];
      await executor.undoLastMigration();
      return last ? [last.name] : [];
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    }
  } finally {
    await runner.release();
  }
}
