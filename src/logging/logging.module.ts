import { isNativeError } from 'node:util/types';
import { type DynamicModule, Logger } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { DestinationStream, LoggerOptions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from '../config/config.js';
import { LineWriter } from './line-writer.js';

/** Structured logs of the whole application through pino, to standard output unless `stream` is given. */
export function loggingModule(config: Config, stream?: DestinationStream): DynamicModule {
  const options: LoggerOptions & { wrapSerializers: boolean } = {
    level: config.logLevel,
    base: { service: 'portero' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    // pino-http would hand the serializer its own copy of an error, which is none any more.
    wrapSerializers: false,
  };
  return LoggerModule.forRoot({
    pinoHttp: [options, stream ?? standardOutput(config)],
    // Requests are logged by a hook (request-log.ts): the middleware of pino-http costs every request a
    // child logger and an AsyncLocalStorage run.
    forRoutes: [],
  });
}

/** A reader that stands still costs lines, and never holds up the process. */
function standardOutput(config: Config): DestinationStream {
  setNonBlocking(process.stdout);
  const logger = new Logger('log');
  const writer = new LineWriter(process.stdout.fd, {
    onDropped: (lines) => logger.warn({ msg: 'lines were dropped, since standard output was not read in time', lines }),
  });
  process.on('exit', () => writer.finish());
  if (config.logFormat === 'json') return writer;
  const pretty = prettyFactory({ ignore: 'service,context', singleLine: true, translateTime: 'SYS:HH:MM:ss' });
  return { write: (line) => writer.write(pretty(line) ?? '') };
}

/**
 * Node.js makes a pipe or socket non-blocking as soon as `process.stdout` exists, and a terminal blocking, which stands
 * still when somebody pauses it. Files always block, for as long as the disk takes.
 */
function setNonBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  if (stream.isTTY) handle?.setBlocking?.(false);
}

/** An error's own words and stack; never the parameters of a query, which may be secrets. */
function describeError(error: unknown): object {
  if (!isNativeError(error)) return { message: String(error) };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, code, constraint, stack: error.stack, ...cause };
}
