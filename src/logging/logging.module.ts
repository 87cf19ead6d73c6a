import { isNativeError } from 'node:util/types';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { type DestinationStream, destination, type LoggerOptions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Config } from '../config/config.js';

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

function standardOutput(config: Config): DestinationStream {
  // Synchronous, so that a line is out before the answer that it tells of, and none is lost with the process.
  if (config.logFormat === 'json') return destination({ dest: 1, sync: true });
  return PinoPretty({ sync: true, ignore: 'service,context', singleLine: true, translateTime: 'SYS:HH:MM:ss' });
}

/** An error's own words and stack; never the parameters of a query, which may be secrets. */
function describeError(error: unknown): object {
  if (!isNativeError(error)) return { message: String(error) };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: error.name, message: error.message, code, constraint, stack: error.stack, ...cause };
}
