import type { OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Query } from './feed/feed-connection.js';

/** Runs the queries of users' lists. */
export abstract class ListConnections {
  abstract readonly query: Query;
}

/** The embedded database has one session. */
export class SharedListConnections extends ListConnections {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  readonly query: Query = (sql, parameters) => this.dataSource.query(sql, parameters);
}

/** Lists beyond this number wait for each other. */
const MAX_CONCURRENT = 2;
const CONNECT_TIMEOUT_MS = 1000;
const STATEMENT_TIMEOUT_MS = 1000;
/** In case the server or a pooler does not cancel the statement, in milliseconds. */
const QUERY_TIMEOUT_MS = 1500;

/** Separate connections, so that lists never use those of logins and refreshes. */
export class OwnListConnections extends ListConnections implements OnApplicationShutdown {
  readonly #pool: pg.Pool;

  constructor(url: string, Client: typeof pg.Client) {
    super();
    const config: pg.PoolConfig & { Client: typeof pg.Client } = {
      connectionString: url,
      application_name: 'portero lists',
      max: MAX_CONCURRENT,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      allowExitOnIdle: true,
      Client,
    };
    this.#pool = new pg.Pool(config);
    this.#pool.on('error', () => {});
  }

  readonly query: Query = async (sql, parameters = []) => (await this.#pool.query(sql, parameters)).rows;

  /** Does not wait for a server that may not respond. */
  onApplicationShutdown(): void {
    void this.#pool.end();
  }
}
