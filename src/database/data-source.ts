import pg from 'pg';
import type { DataSource, DataSourceOptions } from 'typeorm';
import type { Config } from '../config/config.js';
import { CONNECT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from '../config/time-outs.js';
import { EmbeddedDatabase } from './embedded/embedded-database.js';
import { drop, type FeedConnection, OwnConnection, type Query, SharedConnection } from './feed/feed-connection.js';
import { BATCH_TIMEOUT_MS } from './group-commit.js';
import { migrations } from './migrations/index.js';
import { PoolOfConnections, type ReservedConnections, SharedConnections } from './reserved-connections.js';

export interface Database {
  /** The name of the database for the operator, without the password. */
  name: string;
  /** Options of TypeORM's `DataSource`, without entities. */
  options: DataSourceOptions;
  /** The same for migrations, with no statement timeout. */
  migrationOptions: DataSourceOptions;
  /** Runs one query without a data source. */
  queryOnce: Query;
  /** The connection of the {@link ChangeFeed}. */
  feed(dataSource: DataSource): FeedConnection;
  /** The connections for users' lists. */
  lists(dataSource: DataSource): ReservedConnections;
  /** The connections of {@link GroupCommit}. */
  batches(dataSource: DataSource): ReservedConnections;
  /** Releases the data folder. Call it after the data source was destroyed. */
  close(): Promise<void>;
}

const LISTS = { name: 'portero lists', max: 2, statementTimeoutMs: 1000 };
/** One for refreshes, one for endings of sessions. */
const BATCHES = { name: 'portero batches', max: 2, statementTimeoutMs: BATCH_TIMEOUT_MS, keep: true };

/** PostgreSQL by `DATABASE_URL`, else the embedded database in `DATA_DIR`: one dialect, one set of migrations. */
export function openDatabase(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Database {
  const common = {
    type: 'postgres',
    driver: pg,
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
  } as const;
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
      queryOnce: (sql, parameters) => queryOnce(databaseUrl, sql, parameters),
      feed: ({ driver }) => new OwnConnection(databaseUrl, () => (driver as unknown as { master: pg.Pool }).master),
      lists: () => new PoolOfConnections(databaseUrl, PooledClient, LISTS),
      batches: () => new PoolOfConnections(databaseUrl, PooledClient, BATCHES),
      close: async () => {},
    };
  }
  const embedded = new EmbeddedDatabase(config.dataDir);
  // Exactly one client: two would share the only session, and their transactions would mix.
  const options = { ...common, extra: { stream: embedded.connect, max: 1, idleTimeoutMillis: 0, user: 'postgres' } };
  return {
    name: `the embedded database in ${config.dataDir}`,
    options,
    migrationOptions: options,
    queryOnce: async <Row>(sql: string, parameters?: unknown[]) =>
      (await (await embedded.open()).query<Row>(sql, parameters)).rows,
    feed: (dataSource) => new SharedConnection(dataSource),
    lists: (dataSource) => new SharedConnections(dataSource),
    batches: (dataSource) => new SharedConnections(dataSource),
    close: () => embedded.close(),
  };
}

async function queryOnce<Row>(databaseUrl: string, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  const client = new PooledClient({
    connectionString: databaseUrl,
    application_name: 'portero',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  try {
    await client.connect();
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

function withoutUser(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return host + pathname;
}

/** A client that survives a lost connection, and drops one that does not respond. */
class PooledClient extends pg.Client {
  constructor(options: pg.ClientConfig) {
    super(options);
    // Between the pool's error handler and TypeORM's there is a gap, in which a lost connection would end the process. The next
    // query fails anyway.
    this.on('error', () => {});
  }

  /** TypeORM returns a client to the pool even if its query was never answered; later queries would wait behind it. */
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
