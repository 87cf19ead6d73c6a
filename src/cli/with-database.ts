import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataSource, type QueryRunner } from 'typeorm';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { type Config, loadConfig } from '../config/config.js';
import { environment } from '../config/environment.js';
import { openDatabase } from '../database/data-source.js';
import { migrate } from '../database/migrate.js';
import { Client } from '../oauth/client.entity.js';
import { SigningKeyRow } from '../tokens/keys/signing-key.entity.js';
import { User } from '../users/user.entity.js';
import { CommandFailed } from './command-failed.js';
import type { Terminal } from './terminal.js';

/**
 * Opens and migrates the database, as the server does at its start, and runs `work` on one connection.
 *
 * @throws StartError; CommandFailed if there is no embedded database; DataDirInUse if a server uses the embedded database
 */
export async function withDatabase<T>(
  { env }: Terminal,
  work: (session: QueryRunner, config: Config) => Promise<T>,
): Promise<T> {
  const settings = environment(env);
  requireDatabase(settings);
  const { config } = loadConfig(settings);
  const database = openDatabase(config);
  const dataSource = new DataSource({
    ...database.migrationOptions,
    entities: [SigningKeyRow, Client, AuditEvent, User],
  });
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    const session = dataSource.createQueryRunner();
    try {
      return await work(session, config);
    } finally {
      await session.release();
    }
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
}

/**
 * In another folder than the server's, the command would otherwise create a second database and secret unnoticed.
 *
 * @throws CommandFailed
 */
export function requireDatabase({ DATABASE_URL, DATA_DIR }: NodeJS.ProcessEnv): void {
  const dataDir = resolve(DATA_DIR || './data');
  if (DATABASE_URL || existsSync(join(dataDir, 'postgres'))) return;
  throw new CommandFailed(
    `there is no database in ${dataDir}; run the command in the folder of the server, or start the server once to create it`,
  );
}
