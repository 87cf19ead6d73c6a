import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { createDocument } from './document.js';

interface UiRequest {
  body?: unknown;
}
interface UiResponse {
  text?: string;
}

/** Serves Swagger UI at /docs and the document at /openapi.json. */
export function serveSwaggerUi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
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
