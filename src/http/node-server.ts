import { createServer, type RequestListener, type Server } from 'node:http';
import { REQUEST_TIMEOUT_MS } from '../config/time-outs.js';
import type { Connections } from './connections.js';

const HTTP = {
  // Slow senders: all of the headers within 10 s, all of the request within 30 s.
  headersTimeout: 10_000,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: 30_000,
  // Node.js looks for slow senders this often; its default of 30 s would make 40 s of the 10.
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
  // Node.js answers a request without Host itself, and not as a problem; a hook does.
  requireHostHeader: false,
};

const IDLE_CONNECTION_MS = 60_000;

/** Node.js's HTTP server with its time limits. Only requests that `connections` admits reach the handler. */
export function createNodeServer(handler: RequestListener, connections: Connections): Server {
  const server = createServer(HTTP, (request, response) => {
    if (connections.admit(request, response)) handler(request, response);
  });
  server.setTimeout(IDLE_CONNECTION_MS);
  connections.watch(server);
  return server;
}
