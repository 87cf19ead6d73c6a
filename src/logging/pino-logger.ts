import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Method = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** The parts of Nest.js that log its own start. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Writes what Nest's `Logger` is given as pino's lines: a text, an error, or an object of fields. The last parameter is
 * the context, which Nest adds.
 */
export class PinoLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  /** The framework's own start is for who debugs it, so it is logged at `debug`. */
  log(message: unknown, ...parameters: unknown[]): void {
    this.#write(FRAMEWORK.has(parameters.at(-1) as string) ? 'debug' : 'info', message, parameters);
  }

  /** Nest logs a failed `listen` and throws it too; main.ts reports it. */
  error(message: unknown, ...parameters: unknown[]): void {
    this.#write(parameters.at(-1) === 'NestApplication' ? 'debug' : 'error', message, parameters);
  }

  fatal(message: unknown, ...parameters: unknown[]): void {
    this.#write('fatal', message, parameters);
  }

  warn(message: unknown, ...parameters: unknown[]): void {
    this.#write('warn', message, parameters);
  }

  debug(message: unknown, ...parameters: unknown[]): void {
    this.#write('debug', message, parameters);
  }

  verbose(message: unknown, ...parameters: unknown[]): void {
    this.#write('trace', message, parameters);
  }

  #write(method: Method, message: unknown, parameters: unknown[]): void {
    if (!this.pino.isLevelEnabled(method)) return;
    const context = parameters.at(-1);
    // Before the context Nest passes the stack of an error that it has turned into text.
    const stack = parameters.length > 1 ? parameters[0] : undefined;
    const fields = { context, ...(stack === undefined ? {} : { stack }) };
    if (message instanceof Error) this.pino[method]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object') this.pino[method]({ ...fields, ...message });
    else this.pino[method](fields, String(message));
  }
}
