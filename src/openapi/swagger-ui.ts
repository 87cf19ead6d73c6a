import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createDocument } from './document.js';

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
  // Not by SwaggerModule, which writes the 150 kB anew for every request.
  let json: string | undefined;
  app.getHttpAdapter().get('/openapi.json', (_request: FastifyRequest, reply: FastifyReply) => {
    json ??= JSON.stringify(documentOnce());
    return reply.type('application/json; charset=utf-8').send(json);
  });
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

// The two functions below run in the reader's browser: they are sent as text and see nothing of this module.

declare const window: { ui: { preauthorizeApiKey(scheme: string, token: string): void }; lastRefreshToken?: string };

/** The tokens of a login or a refresh become those of "Authorize" and of the examples. They stay in this page's memory. */
function rememberTokens(response: UiResponse): UiResponse {
  try {
    const { access_token, refresh_token } = JSON.parse(response.text ?? '');
    if (access_token) window.ui.preauthorizeApiKey('bearer', access_token);
    if (refresh_token) window.lastRefreshToken = refresh_token;
  } catch {
    // An answer without tokens.
  }
  return response;
}

function putInLastRefreshToken(request: UiRequest): UiRequest {
  if (typeof request.body === 'string' && window.lastRefreshToken) {
    request.body = request.body.replace('{{refresh_token}}', window.lastRefreshToken);
  }
  return request;
}
