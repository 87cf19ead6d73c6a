import pg from 'pg';
import type { DataSource, DataSourceOptions } from 'typeorm';
import type { Config } from '../config/config.js';
import { CONNECT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from '../config/time-outs.js';
import { EmbeddedDatabase } from './embedded/embedded-database.js';
import { drop, type FeedConnection, OwnConnection, SharedConnection } from './feed/feed-connection.js';
import { type ListConnections, OwnListConnections, SharedListConnections } from './list-connections.js';
import { migrations } from './migrations/index.js';

export interface Database {
  /** Says which database it is, for the operator; without the password. */
  name: string;
  /** For TypeORM's `DataSource`, but for the entities, which the capabilities bring. */
  options: DataSourceOptions;
  /** The same for migrations, which may take longer than any other statement. */
  migrationOptions: DataSourceOptions;
  /** What the {@link ChangeFeed} reads by. */
  feed(dataSource: DataSource): FeedConnection;
  /** What users' lists are read by. */
  lists(dataSource: DataSource): ListConnections;
  /** Lets go of the data folder; after the data source is destroyed. */
  close(): Promise<void>;
}

/** PostgreSQL by `DATABASE_URL`, else the embedded database in `DATA_DIR`: one dialect, one set of migrations. */
export function openDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Database {
  const common = { type: 'postgres', migrations, migrationsTableName: 'migrations', synchronize: false } as const;
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) {
    const server = {
      ...common,
      url: databaseUrl,
      applicationName: 'portero',
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
    };
    const timeouts = { statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: STATEMENT_TIMEOUT_MS };
    return {
      name: `PostgreSQL at ${withoutUser(databaseUrl)}`,
      options: { ...server, extra: { Client: PooledClient, keepAlive: true, ...timeouts } },
      migrationOptions: { ...server, extra: { Client: PooledClient } },
      feed: ({ driver }) => new OwnConnection(databaseUrl, () => (driver as unknown as { master: pg.Pool }).master),
      lists: () => new OwnListConnections(databaseUrl, PooledClient),
      close: async () => {},
    };
  }
  const embedded = new EmbeddedDatabase(config.dataDir);
  // One client and never another: two would share the one session, and their transactions would interleave.
  const options = { ...common, extra: { stream: embedded.connect, max: 1, idleTimeoutMillis: 0, user: 'postgres' } };
  return {
    name: `the embedded database in ${config.dataDir}`,
    options,
    migrationOptions: options,
    feed: (dataSource) => new SharedConnection(dataSource),
    lists: (dataSource) => new SharedListConnections(dataSource),
    close: () => embedded.close(),
  };
}

function withoutUser(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return host + pathname;
}

/** Ends with its connection when that is lost or silent, and takes nothing else with it. */
class PooledClient extends pg.Client {
  constructor(options: pg.ClientConfig) {
    super(options);
    // Between the moments at which the pool stops listening to a client's errors and TypeORM begins to, a lost
    // connection would end the process. The query that meets it fails all the same.
    this.on('error', () => {});
  }

  /** TypeORM gives a client back to the pool whose query was never answered: every later one would wait behind it. */
  override query = ((...parameters: Parameters<pg.Client['query']>) => {
    const answer: unknown = super.query(...parameters);
    if (answer instanceof Promise) {
      answer.catch(({ message }: Error) => {
        if (message === 'Query read timeout') drop(this);
      });
    }
    return answer;
  }) as pg.Client['query'];
}
