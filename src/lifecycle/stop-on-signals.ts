import { type INestApplication, Logger } from '@nestjs/common';

/** After this time the process exits even if requests are in flight. */
const DEADLINE_MS = 25_000;

/**
 * On SIGTERM or SIGINT: accepts no new connections, finishes the requests in flight, closes the database and exits with 0.
 * Call it before the start, because process 1 of a container ignores signals without a handler.
 *
 * @param starting resolves when the application has started
 */
export function stopOnSignals(starting: Promise<INestApplication>): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // On Ctrl-C the signal arrives twice: from the terminal and from npm.
    if (stopping) return;
    stopping = true;
    const logger = new Logger('Portero');
    setTimeout(() => {
      logger.error(`requests are still in flight after ${DEADLINE_MS / 1000} s; stopping anyway`);
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
