import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createDocument } from './document.js';

/** Portero's files. The build adds those of Swagger UI and compresses all of them. */
const PAGE = fileURLToPath(new URL('page', import.meta.url));
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const FILES = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'portero.css',
  'docs.css',
  'operations.css',
  'docs.js',
  'memory.js',
  'view.js',
  'favicon.svg',
  'apple-touch-icon.png',
];

/** Serves Swagger UI at /docs, to which / redirects, and the document at /openapi.json. */
export function serveSwaggerUi(app: NestFastifyApplication): void {
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  // Temporary: another program may use this origin of localhost tomorrow, and browsers keep a permanent redirect.
  server.get('/', (_request, reply) => reply.redirect('/docs', 302));
  const html = readFileSync(join(PAGE, 'docs.html'), 'utf8');
  const sendPage = (_request: FastifyRequest, reply: FastifyReply) => reply.type('text/html; charset=utf-8').send(html);
  server.get('/docs', sendPage);
  server.get('/docs/', sendPage);
  serveDocument(app, server);
  serveFiles(app, server);
}

/** Serves the document, which is created and compressed at the first request. */
function serveDocument(app: NestFastifyApplication, server: FastifyInstance): void {
  let json: string | undefined;
  let compressed: Buffer | undefined;
  server.get('/openapi.json', (request, reply) => {
    json ??= JSON.stringify(createDocument(app));
    reply.type('application/json; charset=utf-8').header('Vary', 'Accept-Encoding');
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(json);
    compressed ??= gzipSync(json, { level: 9 });
    return reply.header('Content-Encoding', 'gzip').send(compressed);
  });
}

/** RFC 9110 §12.5.3. Without `gzip` in the header, the text is not compressed. */
function acceptsGzip(header = ''): boolean {
  const [, parameters] = /(?:^|,)\s*gzip\s*(;[^,]*)?(?:,|$)/i.exec(header) ?? [undefined, ';q=0'];
  return !/;\s*q=0(?:\.0*)?\s*$/i.test(parameters ?? '');
}

/** Browsers cache the files and revalidate them by entity tag, so that an update does not mix old and new ones. */
function serveFiles(app: NestFastifyApplication, server: FastifyInstance): void {
  void app.register(fastifyStatic, {
    root: [PAGE, SWAGGER_UI],
    serve: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply) => void reply.header('Cache-Control', 'public, no-cache'),
  });
  for (const file of FILES) server.get(`/docs/${file}`, (_request, reply) => reply.sendFile(file));
}
