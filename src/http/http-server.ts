import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TrustedProxies } from '../config/trusted-proxies.js';
import { logRequest } from '../logging/request-log.js';
import type { ProblemFilter } from '../problems/problem.filter.js';
import { Connections } from './connections.js';
import { cookieNames } from './cookies.js';
import { Cors } from './cors.js';
import { acceptForms } from './form-body.js';
import { heedForwarding, trustOf } from './forwarding.js';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.js';
import { LeanAdapter } from './lean-adapter.js';
import { createNodeServer } from './node-server.js';
import type { RequestCounter } from './request-counter.js';
import { requestId } from './request-id.js';
import { originForm, pathOf } from './request-target.js';
import { DOCS_CONTENT_SECURITY_POLICY, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './security-headers.js';
import { answerConnect, answerUnparsed } from './unparsed-request.js';
import { ambiguity } from './well-formed.js';

export interface HttpServerOptions {
  /** Whether the public scheme is https. */
  https: boolean;
  problems: ProblemFilter;
  requests: RequestCounter;
  /** Origins whose pages may read responses. */
  corsOrigins: readonly string[];
  maxConnections: number;
  /** Whether requests are logged. */
  logRequests: boolean;
  trustProxy?: TrustedProxies | undefined;
}

/** Creates the Fastify server with its limits, parsers and the headers of all responses. Nest adds the routes. */
export function createHttpServer(options: HttpServerOptions): FastifyAdapter {
  const { problems, requests } = options;
  const trusts = options.trustProxy && trustOf(options.trustProxy);
  const security = options.https
    ? { ...SECURITY_HEADERS, 'Strict-Transport-Security': STRICT_TRANSPORT_SECURITY }
    : SECURITY_HEADERS;
  const common = lowerCase({ ...security, 'Cache-Control': 'no-store' });
  const cors = new Cors(options.corsOrigins);
  const connections = new Connections(options.maxConnections);
  const addHeaders = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(common).header('x-request-id', request.id);
    const granted = cors.headers(request);
    if (granted !== undefined) reply.headers(granted);
  };
  const adapter = new LeanAdapter({
    bodyLimit: BODY_LIMIT,
    serverFactory: (handler: RequestListener) => createNodeServer(handler, connections),
    trustProxy: trusts ?? false,
    genReqId: requestId,
    requestIdHeader: false,
    rewriteUrl: ({ url = '' }: { url?: string | undefined }) => originForm(url),
    // During the shutdown, requests on open connections are still answered; then the connections are closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // No Express middleware is used.
    skipMiddie: true,
    clientErrorHandler: (error, raw) => {
      const socket = raw as Socket;
      // The request was rejected already, so an error in its rest needs no second response.
      if (connections.hasAnswered(socket)) socket.destroySoon();
      else answerUnparsed(error, socket, { headers: security, requests });
    },
    // A malformed URL, which the router rejects before any hook runs.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      addHeaders(request, reply);
      const answer = (thrown: unknown) => {
        problems.respond(thrown, request, reply);
        if (options.logRequests) logRequest(request, reply);
      };
      const limited = requests.check(request);
      if (limited === undefined) answer(error);
      else limited.then(answer, answer);
    },
  });
  const fastify = adapter.getInstance();
  fastify.decorate('cookieNames', cookieNames(options.https));
  acceptJsonOnly(fastify);
  acceptForms(fastify);
  const dropForwarding = heedForwarding(trusts);
  // Synchronous hooks take a callback: a promise per hook and request is expensive.
  fastify.addHook('onRequest', (request, reply, done) => {
    dropForwarding(request);
    addHeaders(request, reply);
    const limited = requests.check(request);
    if (limited !== undefined) {
      limited.then(done, done);
      return;
    }
    const rejection = ambiguity(request);
    if (rejection !== undefined) {
      done(rejection);
      return;
    }
    const preflight = cors.preflight(request, reply);
    if (preflight !== undefined) {
      reply.code(204).headers(preflight).send();
      return;
    }
    if (request.url.startsWith('/docs') && /^\/docs(\/|$)/.test(pathOf(request.url))) {
      reply.header('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
    }
    done();
  });
  const isClosing = stopGracefully(fastify, connections);
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    cors.vary(request, reply);
    if (isClosing()) reply.header('Connection', 'close');
    done();
  });
  if (options.logRequests) {
    fastify.addHook('onResponse', (request, reply, done) => {
      logRequest(request, reply);
      done();
    });
  }
  fastify.server.on('connect', (_request, socket) => answerConnect(socket as Socket, { headers: security, requests }));
  // An unknown expectation may be ignored (RFC 9110 §10.1.1). By default Node.js responds 417 without a body.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  return adapter;
}

/** How long a request that is still arriving may delay the shutdown, in milliseconds. */
const SLOW_REQUEST_MS = 10_000;

/**
 * Closes the idle connections when the server stops. Returns whether it is stopping: each of the others closes after the
 * response in flight, so that the server stops as soon as all are answered.
 */
function stopGracefully(fastify: FastifyInstance, connections: Connections): () => boolean {
  let closing = false;
  fastify.addHook('preClose', async () => {
    closing = true;
    connections.closeIdle();
    setTimeout(() => fastify.server.closeAllConnections(), SLOW_REQUEST_MS).unref();
  });
  return () => closing;
}

/** Fastify sends all names in lower case, and converts other ones for each response. */
function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
