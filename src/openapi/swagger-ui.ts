import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { NotFound } from '../problems/http.errors.js';
import { createDocument } from './document.js';

/** The files of swagger-ui-dist that the page loads. */
const FILES = new Set([
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'favicon-16x16.png',
  'favicon-32x32.png',
]);

interface UiRequest {
  body?: unknown;
}
interface UiResponse {
  text?: string;
}

/** Serves Swagger UI at /docs and the document at /openapi.json. */
export function serveSwaggerUi(app: INestApplication): void {
  let document: OpenAPIObject | undefined;
  const documentOnce = () => {
    document ??= createDocument(app);
    return document;
  };
  // SwaggerModule would serialize the 150 kB for every request.
  let json: string | undefined;
  app.getHttpAdapter().get('/openapi.json', (_request: FastifyRequest, reply: FastifyReply) => {
    json ??= JSON.stringify(documentOnce());
    return reply.type('application/json; charset=utf-8').send(json);
  });
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  server.addHook('onRoute', hideOtherFiles);
  SwaggerModule.setup('docs', app, documentOnce, {
    raw: false,
    customSiteTitle: 'Portero API',
    swaggerOptions: {
      tryItOutEnabled: true,
      displayRequestDuration: true,
      requestInterceptor: putInLastRefreshToken,
      responseInterceptor: rememberTokens,
    },
  });
}

/** Answers 404 to the other files of swagger-ui-dist: its package.json, its source maps, its licence. */
function hideOtherFiles(route: RouteOptions): void {
  if (route.url !== '/docs/*') return;
  route.onRequest = (request, _reply, done) => {
    const { '*': file = '' } = request.params as { '*'?: string };
    done(FILES.has(file) ? undefined : new NotFound());
  };
}

// The two functions below are sent to the browser as text, so they can't use anything of this module.

declare const window: { ui: { preauthorizeApiKey(scheme: string, token: string): void }; lastRefreshToken?: string };

/** Uses the tokens of a login or refresh for "Authorize" and the examples. They stay in the memory of the page. */
function rememberTokens(response: UiResponse): UiResponse {
  try {
    const { access_token, refresh_token } = JSON.parse(response.text ?? '');
    if (access_token) window.ui.preauthorizeApiKey('bearer', access_token);
    if (refresh_token) window.lastRefreshToken = refresh_token;
  } catch {
    // A response without tokens.
  }
  return response;
}

function putInLastRefreshToken(request: UiRequest): UiRequest {
  if (typeof request.body === 'string' && window.lastRefreshToken) {
    request.body = request.body.replace('{{refresh_token}}', window.lastRefreshToken);
  }
  return request;
}
