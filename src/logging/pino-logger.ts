import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Method = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** The parts of Nest.js that log its own start. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Writes the messages of Nest's `Logger` with pino. A message is a text, an error or an object of fields; Nest passes the
 * context as the last parameter.
 */
export class PinoLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  /** Start-up messages of the framework are logged at `debug`. */
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
    // For an error that Nest has turned into text, it passes the stack before the context.
    const stack = parameters.length > 1 ? parameters[0] : undefined;
    const fields = { context, ...(stack === undefined ? {} : { stack }) };
    if (message instanceof Error) this.pino[method]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object') this.pino[method]({ ...fields, ...message });
    else this.pino[method](fields, String(message));
  }
}
