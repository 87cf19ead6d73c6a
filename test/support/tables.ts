import { DataSource } from 'typeorm';
import { openDatabase } from '../../src/database/data-source.js';
import type { TestDatabase } from './engine.js';

/** Runs work on a database that no server uses, as its operator could. */
export async function onDatabase<T>({ env }: TestDatabase, work: (source: DataSource) => Promise<T>): Promise<T> {
  const database = openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR as string });
  const source = await new DataSource(database.options).initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
    await database.close();
  }
}

/** Every row of every table, by table. */
export function dumpTables(database: TestDatabase): Promise<Record<string, string[]>> {
  return onDatabase(database, async (source) => {
    const tables: { name: string }[] = await source.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    );
    const dump: Record<string, string[]> = {};
    for (const { name } of tables) {
      const rows: { row: string }[] = await source.query(`SELECT t::text AS row FROM "${name}" t ORDER BY 1`);
      dump[name] = rows.map(({ row }) => row);
    }
    return dump;
  });
}
