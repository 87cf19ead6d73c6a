import { DataSource, type QueryRunner } from 'typeorm';
import { loadConfig } from '../config/config.js';
import { environment } from '../config/environment.js';
import { openDatabase } from '../database/data-source.js';
import { migrate } from '../database/migrate.js';

/**
 * Does some work on a session of the server's own database, found by the server's settings and migrated as it would
 * be at a start.
 *
 * @throws StartRefused, DataDirInUse while a server has the embedded database
 */
export async function withDatabase<T>(work: (session: QueryRunner) => Promise<T>): Promise<T> {
  const database = openDatabase(loadConfig(environment()).config);
  const dataSource = new DataSource(database.migrationOptions);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    const session = dataSource.createQueryRunner();
    try {
      return await work(session);
    } finally {
      await session.release();
    }
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
}
