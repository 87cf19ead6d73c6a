import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TrustedProxies } from '../config/trusted-proxies.js';
import { logRequest } from '../logging/request-log.js';
import { MalformedRequest } from '../problems/http.errors.js';
import type { ProblemFilter } from '../problems/problem.filter.js';
import { heedForwarding, trustOf } from './forwarding.js';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.js';
import { requestId } from './request-id.js';
import { DOCS_CONTENT_SECURITY_POLICY, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './security-headers.js';
import { answerUnparsed } from './unparsed-request.js';

export interface HttpServerOptions {
  /** Whether that is the public scheme. */
  https: boolean;
  problems: ProblemFilter;
  trustProxy?: TrustedProxies | undefined;
}

/** The HTTP server with its limits and the headers of every answer; routes are Nest's. */
export function createHttpServer({ https, problems, trustProxy }: HttpServerOptions): FastifyAdapter {
  const trusts = trustProxy && trustOf(trustProxy);
  const common = https
    ? { ...SECURITY_HEADERS, 'Strict-Transport-Security': STRICT_TRANSPORT_SECURITY }
    : SECURITY_HEADERS;
  const addHeaders = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(common).header('X-Request-Id', request.id).header('Cache-Control', 'no-store');
  };
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: trusts ?? false,
    genReqId: requestId,
    requestIdHeader: false,
    // Slow senders: all of the headers within 10 s, all of the request within 30 s.
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 30_000,
    // Node.js answers a request without Host itself, and not as a problem; the hook below does.
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024, requireHostHeader: false },
    // While it stops, what comes in on an open connection is still answered, and the connection then closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Nothing here is Express middleware.
    skipMiddie: true,
    clientErrorHandler: (error, socket) => answerUnparsed(error, socket as Socket, common),
    // What the router refuses before a hook runs: a malformed URL.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      addHeaders(request, reply);
      problems.answer(error, request, reply);
      logRequest(request, reply);
    },
  });
  const fastify = adapter.getInstance();
  acceptJsonOnly(fastify);
  heedForwarding(fastify, trusts);
  fastify.addHook('onRequest', async (request, reply) => {
    addHeaders(request, reply);
    // RFC 9112 §3.2.
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') throw new MalformedRequest();
    if (/^\/docs(\/|\?|$)/.test(request.url)) reply.header('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
  });
  fastify.addHook('onSend', async (_request, reply) => {
    // Swagger UI's page is sent without one.
    if (reply.getHeader('Content-Type') === 'text/html') reply.header('Content-Type', 'text/html; charset=utf-8');
  });
  fastify.addHook('onResponse', async (request, reply) => logRequest(request, reply));
  stopGracefully(fastify);
  return adapter;
}

/** How long a request that is still arriving may hold up the stop. */
const SLOW_REQUEST_MS = 10_000;

/**
 * Lets the server stop as soon as the requests in flight are answered: connections without one are closed at
 * once, also those that never sent anything, and an answer in flight ends its connection.
 */
function stopGracefully(fastify: FastifyInstance): void {
  const { server } = fastify;
  const idle = new Set<Socket>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    idle.add(socket);
    socket.once('close', () => idle.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  // An expectation that is not known is no reason to refuse (RFC 9110 §10.1.1); left alone, Node.js answers a bare 417.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  fastify.addHook('preClose', async () => {
    closing = true;
    for (const socket of idle) socket.destroy();
    setTimeout(() => server.closeAllConnections(), SLOW_REQUEST_MS).unref();
  });
  fastify.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('Connection', 'close');
  });
}
