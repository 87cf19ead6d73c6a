import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { createClient } from '@redis/client';

const CONNECT_TIMEOUT_MS = 2000;
const LONGEST_PAUSE_MS = 2000;

/** The connection to `REDIS_URL`. It connects in the background and again whenever it is lost. */
export class RedisConnection implements OnApplicationShutdown {
  readonly #logger = new Logger(RedisConnection.name);
  readonly client;

  constructor(url: string) {
    this.client = createClient({
      url,
      // While it is away, a command fails at once: the insurance must not wait for it.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, LONGEST_PAUSE_MS),
      },
    });
    // Told by who meets it: each failed command is the insurance's to report.
    this.client.on('error', (err) => this.#logger.debug({ err, msg: 'Redis is not connected' }));
    void this.client.connect().catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
