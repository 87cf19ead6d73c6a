import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import { Clock } from './clock/clock.js';
import type { Config } from './config/config.js';
import { databaseUnavailable } from './database/unavailable.js';
import { AllowedMethods } from './http/allowed-methods.js';
import { createHttpServer } from './http/http-server.js';
import type { RequestCounter } from './http/request-counter.js';
import { createLogger } from './logging/create-logger.js';
import { serveSwaggerUi } from './openapi/swagger-ui.js';
import type { PageRequest } from './pages/page-routes.js';
import { Pages } from './pages/pages.js';
import { Stylesheet } from './pages/stylesheet.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { BodyPipe } from './problems/validation.js';
import { RequestLimit } from './rate-limits/request-limit.js';

export interface AppOptions {
  /** Receives the log lines instead of standard output. */
  logStream?: DestinationStream;
  /** Replaces the clock of the machine. */
  clock?: Clock;
  /** Builds the module graph without instances, for the OpenAPI document. */
  preview?: boolean;
}

/** The application, ready to listen. The server and the tests both use it. */
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
  const root = AppModule.forRoot(config, clock);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    // The caller reports errors that happen before our logger is set.
    logger: false,
    bodyParser: false,
    abortOnError: false,
    preview: options.preview ?? false,
  });
  if (options.preview) return app;
  app.useLogger(await createLogger(config, options.logStream));
  const requestLimit = app.get(RequestLimit);
  problems.replace = (request) => requestLimit.rejectUnchecked(request);
  const pages = app.get(Pages);
  problems.page = (error, request) => pages.problem(error, request as PageRequest);
  app.useGlobalFilters(problems);
  app.useGlobalPipes(new BodyPipe(config));
  serveSwaggerUi(app);
  app.get(Stylesheet).serve(app);
  return app;
}
