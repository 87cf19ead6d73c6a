import { createServer, type RequestListener, type Server } from 'node:http';
import { REQUEST_TIMEOUT_MS } from '../config/time-outs.js';
import type { Connections } from './connections.js';

const HTTP = {
  // Headers must arrive within 10 s, the whole request within 30 s.
  headersTimeout: 10_000,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: 30_000,
  // Node.js checks the timeouts at this interval. With its default of 30 s, 10 s could become 40 s.
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
  // A hook rejects a request without Host, with a problem. Node.js would respond without one.
  requireHostHeader: false,
};

const IDLE_CONNECTION_MS = 60_000;

/** Creates a Node.js HTTP server with timeouts. Only requests that `connections` admits reach the handler. */
export function createNodeServer(handler: RequestListener, connections: Connections): Server {
  const server = createServer(HTTP, (request, response) => {
    if (connections.admit(request, response)) handler(request, response);
  });
  server.setTimeout(IDLE_CONNECTION_MS);
  connections.watch(server);
  return server;
}
