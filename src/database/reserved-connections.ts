import type { OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Query } from './feed/feed-connection.js';

/** Runs queries on connections that are reserved for one purpose, so that others can neither use them up nor be starved. */
export interface ReservedConnections {
  readonly query: Query;
}

/** The connections for users' lists. */
export abstract class ListConnections implements ReservedConnections {
  abstract readonly query: Query;
}

/** The connections of {@link GroupCommit}. */
export abstract class BatchConnections implements ReservedConnections {
  abstract readonly query: Query;
}

/** The embedded database has one session. */
export class SharedConnections implements ReservedConnections {
  constructor(private readonly dataSource: DataSource) {}

  readonly query: Query = (sql, parameters) => this.dataSource.query(sql, parameters);
}

interface PoolSettings {
  /** For `pg_stat_activity`. */
  name: string;
  /** Queries beyond this number wait for each other. */
  max: number;
  statementTimeoutMs: number;
  /** Whether connections stay open when they are not used. */
  keep?: boolean;
}

const CONNECT_TIMEOUT_MS = 1000;
/** How much longer the client waits, in case the server or a pooler does not cancel the statement, in milliseconds. */
const CANCEL_MS = 500;

export class PoolOfConnections implements ReservedConnections, OnApplicationShutdown {
  readonly #pool: pg.Pool;

  constructor(url: string, Client: typeof pg.Client, { name, max, statementTimeoutMs, keep = false }: PoolSettings) {
    const config: pg.PoolConfig & { Client: typeof pg.Client } = {
      connectionString: url,
      application_name: name,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + CANCEL_MS,
      ...(keep ? { idleTimeoutMillis: 0 } : {}),
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
