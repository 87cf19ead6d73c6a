import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';

const TIMEOUT_MS = 2000;
const RECONNECT_AFTER_MS = 500;
/** The channel of Portero's notifications. */
const CHANNEL = 'portero';
const NOTIFY = `SELECT pg_notify($1, '')`;

export type Query = <Row>(sql: string, parameters?: unknown[]) => Promise<Row[]>;

/** Makes all listeners read. Within a transaction it is sent at the commit. */
export async function notify(query: Query): Promise<void> {
  await query(NOTIFY, [CHANNEL]);
}

/** Queries and notifications of a {@link ChangeFeed}. */
export abstract class FeedConnection {
  abstract readonly query: Query;
  /** Calls back for each notification, also after reconnecting. */
  abstract listen(hear: () => void): void;
  /** Notifies all other instances. */
  abstract notify(): Promise<void>;
  abstract close(): Promise<void>;
}

/** The embedded database has one session and no other instances, so there are no notifications. */
export class SharedConnection extends FeedConnection {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  readonly query: Query = (sql, parameters) => this.dataSource.query(sql, parameters);

  listen(): void {}

  async notify(): Promise<void> {}

  async close(): Promise<void> {}
}

/**
 * A connection outside of the pool, because a busy pool must not delay revocations. After any failure it is replaced. Until
 * then, queries use the pool, also if the server has no free connection or a pooler does not support LISTEN.
 */
export class OwnConnection extends FeedConnection {
  #client: pg.Client | undefined;
  #connecting = false;
  #hear: (() => void) | undefined;
  #closed = false;

  /** @param pool the current pool */
  constructor(
    private readonly url: string,
    private readonly pool: () => pg.Pool,
  ) {
    super();
  }

  readonly query: Query = async (sql, parameters = []) => {
    if (this.#closed) throw new Error('the feed is closed');
    const client = this.#client;
    if (client === undefined) {
      void this.#connect();
    } else {
      try {
        return (await client.query(sql, parameters)).rows;
      } catch {
        this.#discard(client);
      }
    }
    const query: pg.QueryConfig & { query_timeout: number } = {
      text: sql,
      values: parameters,
      query_timeout: TIMEOUT_MS,
    };
    return (await this.pool().query(query)).rows;
  };

  listen(hear: () => void): void {
    this.#hear = hear;
  }

  async notify(): Promise<void> {
    await notify(this.query);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#client) this.#discard(this.#client);
  }

  /** Never more than one attempt at a time, nor more often than `RECONNECT_AFTER_MS`. */
  async #connect(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'portero feed',
      keepAlive: true,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    });
    client.on('error', () => this.#discard(client));
    client.on('end', () => this.#discard(client));
    // Known once it is connected. What this connection announces itself is known here.
    const connected = client as unknown as { processID: number | null };
    client.on('notification', ({ processId }) => {
      if (processId !== connected.processID) this.#hear?.();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#client = client;
      if (this.#closed) this.#discard(client);
    } catch {
      this.#discard(client);
      await sleep(RECONNECT_AFTER_MS, undefined, { ref: false });
    }
    this.#connecting = false;
  }

  #discard(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    drop(client);
  }
}

/**
 * Closes a connection at once. Not only by `end()`: that waits for a server which may have gone silent. But it marks the client,
 * so a pool does not use it again before the socket has closed.
 */
export function drop(client: pg.Client): void {
  void client.end();
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
