import pg from 'pg';
import type { DataSource } from 'typeorm';

const TIMEOUT_MS = 2000;
/** Of all notifications of Portero. */
export const CHANNEL = 'portero';
const NOTIFY = 'SELECT pg_notify($1, $2)';

export type Query = <Row>(sql: string, parameters?: unknown[]) => Promise<Row[]>;

/** A notification holds 8,000 bytes at the most, and an entry has 51. */
export const ENTRIES_PER_NOTIFICATION = 150;

/** What is told of entries of one topic: no more of them than {@link ENTRIES_PER_NOTIFICATION}. */
export function notificationOf(topic: string, entries: readonly string[]): string {
  return `${topic}:${entries.join(';')}`;
}

/** Tells every listener of entries that have been committed, however many. */
export async function notifyOf(query: Query, topic: string, entries: readonly string[]): Promise<void> {
  for (let start = 0; start < entries.length; start += ENTRIES_PER_NOTIFICATION) {
    const batch = entries.slice(start, start + ENTRIES_PER_NOTIFICATION);
    await query(NOTIFY, [CHANNEL, notificationOf(topic, batch)]);
  }
}

/** How a {@link ChangeFeed} reads, and hears of what to read. */
export abstract class FeedConnection {
  abstract readonly query: Query;
  /** Calls back for each notification, now and after every lost connection. */
  abstract listen(hear: (message: string) => void): void;
  /** Tells every listener, of all instances. */
  abstract notify(message: string): Promise<void>;
  abstract close(): Promise<void>;
}

/** The embedded database has one session and no other instances: nobody has anything to tell. */
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
 * A connection of the feed's own: a pool whose connections are all busy must not keep revocations from being heard.
 * One that fails in any way is thrown away, and the next read makes another.
 */
export class OwnConnection extends FeedConnection {
  #client: Promise<pg.Client> | undefined;
  #hear: ((message: string) => void) | undefined;
  #closed = false;

  constructor(private readonly url: string) {
    super();
  }

  readonly query: Query = async (sql, parameters) => {
    const client = await this.#connected();
    try {
      return (await client.query(sql, parameters)).rows;
    } catch (error) {
      this.#discard(client);
      throw error;
    }
  };

  listen(hear: (message: string) => void): void {
    this.#hear = hear;
  }

  async notify(message: string): Promise<void> {
    await this.query(NOTIFY, [CHANNEL, message]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => undefined);
    if (client) this.#discard(client);
  }

  #connected(): Promise<pg.Client> {
    if (this.#closed) throw new Error('the feed is closed');
    const connecting = this.#client ?? this.#connect();
    this.#client = connecting;
    connecting.catch(() => {
      if (this.#client === connecting) this.#client = undefined;
    });
    return connecting;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'portero feed',
      keepAlive: true,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    });
    client.on('error', () => this.#discard(client));
    client.on('end', () => this.#discard(client));
    client.on('notification', ({ payload }) => this.#hear?.(payload ?? ''));
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    return client;
  }

  /** Not `end()`: that waits for a server which may have gone silent. */
  #discard(client: pg.Client): void {
    this.#client?.then(
      (current) => {
        if (current === client) this.#client = undefined;
      },
      () => {},
    );
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
