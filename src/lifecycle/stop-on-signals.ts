import { type INestApplication, Logger } from '@nestjs/common';

/** After this, what still runs is cut off. */
const DEADLINE_MS = 25_000;

/**
 * On SIGTERM or SIGINT: takes no new connections, finishes the requests in flight, closes the database, exits 0.
 * To be called before the start: process 1 of a container ignores signals that nobody listens to.
 *
 * @param starting the application, once it is there
 */
export function stopOnSignals(starting: Promise<INestApplication>): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // npm passes on a Ctrl-C that the terminal has already sent here: the second one of a pair is not impatience.
    if (stopping) return;
    stopping = true;
    const logger = new Logger('Portero');
    setTimeout(() => {
      logger.error(`still busy after ${DEADLINE_MS / 1000} s: stopping all the same`);
      process.exit(1);
    }, DEADLINE_MS).unref();
    const app = await starting;
    logger.log(`${signal}: finishing the requests in flight`);
    await app.close();
    logger.log('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
}
