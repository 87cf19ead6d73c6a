import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PinoLogger } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import { Clock } from './clock/clock.js';
import type { Config } from './config/config.js';
import { databaseUnavailable } from './database/unavailable.js';
import { AllowedMethods } from './http/allowed-methods.js';
import { createHttpServer } from './http/http-server.js';
import type { RequestCounter } from './http/request-counter.js';
import { QuietStartLogger } from './logging/quiet-start-logger.js';
import { serveSwaggerUi } from './openapi/swagger-ui.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { BodyPipe } from './problems/validation.js';
import { RequestLimit } from './rate-limits/request-limit.js';

export interface AppOptions {
  /** Takes the log lines instead of standard output. */
  logStream?: DestinationStream;
  /** Another time than the machine's. */
  clock?: Clock;
  /** Builds the graph of modules without making anything in it: for the OpenAPI document. */
  preview?: boolean;
}

/** The whole application, ready to listen: what the server and the tests both run. */
export async function createApp(config: Config, options: AppOptions = {}): Promise<NestFastifyApplication> {
  const clock = options.clock ?? new Clock();
  const methods = new AllowedMethods();
  const problems = new ProblemFilter(methods.translate, databaseUnavailable);
  // No request arrives before the application listens, and by then it has made the limit.
  const requests: RequestCounter = {
    check: (request) => requestLimit.check(request),
    count: (address) => requestLimit.count(address),
  };
  const adapter = createHttpServer({
    https: config.publicUrl.startsWith('https:'),
    problems,
    requests,
    corsOrigins: config.corsOrigins,
    maxConnections: config.maxConnections,
    trustProxy: config.trustProxy,
    logRequests: ['trace', 'debug', 'info'].includes(config.logLevel),
  });
  methods.follow(adapter.getInstance());
  const root = AppModule.forRoot(config, clock, options.logStream);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    // What fails before our logger is there is told by who called, in one line.
    logger: false,
    bodyParser: false,
    abortOnError: false,
    preview: options.preview ?? false,
  });
  if (options.preview) return app;
  app.useLogger(new QuietStartLogger(await app.resolve(PinoLogger), {}));
  const requestLimit = app.get(RequestLimit);
  app.useGlobalFilters(problems);
  app.useGlobalPipes(new BodyPipe());
  serveSwaggerUi(app);
  return app;
}
