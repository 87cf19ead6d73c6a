import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { RedisClientType } from '@redis/client';

const CONNECT_TIMEOUT_MS = 2000;
const MAX_PAUSE_MS = 2000;

/** The connection to `REDIS_URL`. Connects and reconnects in the background. */
export class RedisConnection implements OnApplicationShutdown {
  readonly #logger = new Logger(RedisConnection.name);

  private constructor(readonly client: RedisClientType) {
    // RateLimits reports failed commands.
    client.on('error', (err) => this.#logger.debug({ err, msg: 'Redis is not connected' }));
    void client.connect().catch(() => undefined);
  }

  static async to(url: string): Promise<RedisConnection> {
    // Loaded here, because most servers don't need it.
    const { createClient } = await import('@redis/client');
    const client: RedisClientType = createClient({
      url,
      // Without a connection, commands fail at once, so that requests do not wait.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, MAX_PAUSE_MS),
      },
    });
    return new RedisConnection(client);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
