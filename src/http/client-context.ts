import type { FastifyRequest } from 'fastify';

/** Where a request came from, as far as it is known. */
export interface ClientContext {
  ip?: string | undefined;
  userAgent?: string | undefined;
  requestId?: string | undefined;
}

/** Handed on from the routes as it is: an AsyncLocalStorage would cost every request its run. */
export function clientContextOf({ ip, id, headers }: Pick<FastifyRequest, 'ip' | 'id' | 'headers'>): ClientContext {
  return { ip, requestId: id, userAgent: headers['user-agent'] };
}
