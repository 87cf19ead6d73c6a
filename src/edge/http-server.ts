import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { REQUEST_TIMEOUT_MS } from '../config/time-outs.js';
import type { TrustedProxies } from '../config/trusted-proxies.js';
import { logRequest } from '../logging/request-log.js';
import type { ProblemFilter } from '../problems/problem.filter.js';
import { Connections } from './connections.js';
import { Cors } from './cors.js';
import { acceptForms } from './form-body.js';
import { heedForwarding, trustOf } from './forwarding.js';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.js';
import { requestId } from './request-id.js';
import { originForm, pathOf } from './request-target.js';
import { DOCS_CONTENT_SECURITY_POLICY, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './security-headers.js';
import { answerConnect, answerUnparsed } from './unparsed-request.js';
import { refuseAmbiguous } from './well-formed.js';

export interface HttpServerOptions {
  /** Whether the public scheme is https. */
  https: boolean;
  problems: ProblemFilter;
  /** Whose pages may read the answers. */
  corsOrigins: readonly string[];
  maxConnections: number;
  /** Whether each request is a line in the log. */
  logRequests: boolean;
  trustProxy?: TrustedProxies | undefined;
}

/** The HTTP server with its limits and the headers of every answer; routes are Nest's. */
export function createHttpServer(options: HttpServerOptions): FastifyAdapter {
  const { problems } = options;
  const trusts = options.trustProxy && trustOf(options.trustProxy);
  const security = options.https
    ? { ...SECURITY_HEADERS, 'Strict-Transport-Security': STRICT_TRANSPORT_SECURITY }
    : SECURITY_HEADERS;
  const common = { ...security, 'Cache-Control': 'no-store' };
  const cors = new Cors(options.corsOrigins);
  const addHeaders = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(common).header('X-Request-Id', request.id);
    const granted = cors.headers(request);
    if (granted !== undefined) reply.headers(granted);
  };
  const adapter = new FastifyAdapter({
    ...LIMITS,
    trustProxy: trusts ?? false,
    genReqId: requestId,
    requestIdHeader: false,
    rewriteUrl: ({ url = '' }: { url?: string | undefined }) => originForm(url),
    // While it stops, what comes in on an open connection is still answered, and the connection then closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Nothing here is Express middleware.
    skipMiddie: true,
    clientErrorHandler: (error, raw) => {
      const socket = raw as Socket;
      // What is wrong with the rest of a request that was refused already is of no interest, and one answer is enough.
      if (connections.hasAnswered(socket)) socket.destroySoon();
      else answerUnparsed(error, socket, security);
    },
    // What the router refuses before a hook runs: a malformed URL.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      addHeaders(request, reply);
      problems.answer(error, request, reply);
      if (options.logRequests) logRequest(request, reply);
    },
  });
  const fastify = adapter.getInstance();
  acceptJsonOnly(fastify);
  acceptForms(fastify);
  heedForwarding(fastify, trusts);
  // Hooks that wait for nothing take a callback: a promise for each, on every request, is dear.
  fastify.addHook('onRequest', (request, reply, done) => {
    addHeaders(request, reply);
    try {
      refuseAmbiguous(request);
    } catch (error) {
      done(error as Error);
      return;
    }
    const preflight = cors.preflight(request, reply);
    if (preflight !== undefined) {
      reply.code(204).headers(preflight).send();
      return;
    }
    if (/^\/docs(\/|$)/.test(pathOf(request.url))) {
      reply.header('Content-Security-Policy', DOCS_CONTENT_SECURITY_POLICY);
    }
    done();
  });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    cors.vary(request, reply);
    // Swagger UI's page is sent without one.
    if (reply.getHeader('Content-Type') === 'text/html') reply.header('Content-Type', 'text/html; charset=utf-8');
    done();
  });
  if (options.logRequests) {
    fastify.addHook('onResponse', (request, reply, done) => {
      logRequest(request, reply);
      done();
    });
  }
  fastify.server.on('connect', (_request, socket) => answerConnect(socket as Socket, security));
  // An expectation that is not known is no reason to refuse (RFC 9110 §10.1.1); left alone, Node.js answers a bare 417.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  const connections = new Connections(fastify.server, options.maxConnections);
  stopGracefully(fastify, connections);
  return adapter;
}

const LIMITS = {
  bodyLimit: BODY_LIMIT,
  // Slow senders: all of the headers within 10 s, all of the request within 30 s.
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionTimeout: 60_000,
  keepAliveTimeout: 30_000,
  http: {
    headersTimeout: 10_000,
    // Node.js looks for slow senders this often; its default of 30 s would make 40 s of the 10.
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16 * 1024,
    // Node.js answers a request without Host itself, and not as a problem; a hook does.
    requireHostHeader: false,
  },
};

/** How long a request that is still arriving may hold up the stop. */
const SLOW_REQUEST_MS = 10_000;

/** Lets the server stop as soon as the requests in flight are answered: an answer in flight ends its connection. */
function stopGracefully(fastify: FastifyInstance, connections: Connections): void {
  let closing = false;
  fastify.addHook('preClose', async () => {
    closing = true;
    connections.closeIdle();
    setTimeout(() => fastify.server.closeAllConnections(), SLOW_REQUEST_MS).unref();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('Connection', 'close');
    done();
  });
}
