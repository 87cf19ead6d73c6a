import { isNativeError } from 'node:util/types';
import { Logger } from '@nestjs/common';
import { type DestinationStream, pino } from 'pino';
import type { Config } from '../config/config.js';
import { escapeInvisible } from './invisible.js';
import { LineWriter } from './line-writer.js';
import { PinoLogger } from './pino-logger.js';
import { prettyLines } from './pretty-line.js';

/** The logger of the whole application: structured lines to standard output, or to `stream`. */
export async function createLogger(config: Config, stream?: DestinationStream): Promise<PinoLogger> {
  const options = {
    level: config.logLevel,
    base: { service: 'portero' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
  };
  return new PinoLogger(pino(options, stream ?? (await standardOutput(config))));
}

/** A slow reader loses lines; it never blocks the process. */
async function standardOutput(config: Config): Promise<DestinationStream> {
  setNonBlocking(process.stdout);
  const logger = new Logger('log');
  const writer = new LineWriter(process.stdout.fd, {
    onDropped: (lines) =>
      logger.warn({ msg: 'lines were dropped because standard output was not read in time', lines }),
  });
  process.on('exit', () => writer.finish());
  if (config.logFormat === 'json') return { write: (line) => writer.write(escapeInvisible(line)) };
  const pretty = await prettyLines();
  return { write: (line) => writer.write(pretty(line)) };
}

/**
 * Node.js makes pipes and sockets non-blocking as soon as `process.stdout` exists, but leaves a terminal blocking, and
 * somebody may pause that. Writes to files always block, for as long as the disk takes.
 */
function setNonBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  if (stream.isTTY) handle?.setBlocking?.(false);
}

/** Name, message and stack of an error; never the parameters of a query, which may be secrets. */
function describeError(error: unknown): object {
  if (!isNativeError(error)) return { message: String(error) };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, code, constraint, stack: error.stack, ...cause };
}
