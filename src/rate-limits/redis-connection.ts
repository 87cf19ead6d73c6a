import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createClient } from '@redis/client';

const CONNECT_TIMEOUT_MS = 2000;
const MAX_PAUSE_MS = 2000;

/** The connection to `REDIS_URL`. Connects and reconnects in the background. */
export class RedisConnection implements OnApplicationShutdown {
  readonly #logger = new Logger(RedisConnection.name);
  readonly client;

  constructor(url: string) {
    this.client = createClient({
      url,
      // Without a connection, commands fail at once, so that requests do not wait.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, MAX_PAUSE_MS),
      },
    });
    // RateLimits reports failed commands.
    this.client.on('error', (err) => this.#logger.debug({ err, msg: 'Redis is not connected' }));
    void this.client.connect().catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
