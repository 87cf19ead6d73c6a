import { Logger } from 'nestjs-pino';

const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** What Nest tells of its own start is for who debugs that: at `debug`, not among the operator's lines. */
export class QuietStartLogger extends Logger {
  override log(message: unknown, ...parameters: unknown[]): void {
    const write = FRAMEWORK.has(parameters.at(-1) as string) ? super.debug : super.log;
    write.call(this, message, ...parameters);
  }

  /** A listen that fails is told once, by who called it. */
  override error(message: unknown, ...parameters: unknown[]): void {
    const write = parameters.at(-1) === 'NestApplication' ? super.debug : super.error;
    write.call(this, message, ...parameters);
  }
}
