import type { DataSourceOptions } from 'typeorm';
import type { Config } from '../config/config.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { migrations } from './migrations/index.js';

/** How long a caller waits for a connection before the answer is 503. */
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 10_000;

export interface Database {
  /** For TypeORM's `DataSource`, but for the entities, which the capabilities bring. */
  options: DataSourceOptions;
  /** Lets go of the data folder; after the data source is destroyed. */
  close(): Promise<void>;
}

/** PostgreSQL by `DATABASE_URL`, else the embedded database in `DATA_DIR`: one dialect, one set of migrations. */
export function openDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Database {
  const common = { type: 'postgres', migrations, migrationsTableName: 'migrations', synchronize: false } as const;
  if (config.databaseUrl !== undefined) {
    return {
      options: {
        ...common,
        url: config.databaseUrl,
        applicationName: 'portero',
        connectTimeoutMS: CONNECT_TIMEOUT_MS,
        extra: { statement_timeout: STATEMENT_TIMEOUT_MS, keepAlive: true },
      },
      close: async () => {},
    };
  }
  const embedded = new EmbeddedDatabase(config.dataDir);
  return {
    // One client and never another: two would share the one session, and their transactions would interleave.
    options: { ...common, extra: { stream: embedded.connect, max: 1, idleTimeoutMillis: 0, user: 'postgres' } },
    close: () => embedded.close(),
  };
}
