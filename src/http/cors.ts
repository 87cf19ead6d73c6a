import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './request-target.js';

/** Keys and metadata are public, so any page may read them. */
function isPublic(url: string): boolean {
  return url.startsWith('/.well-known/') || (url.startsWith('/openapi.json') && pathOf(url) === '/openapi.json');
}

/** Response headers that scripts may read. */
const EXPOSED = 'X-Request-Id, RateLimit, RateLimit-Policy, Retry-After';

// The same for every URL, so that scripts can read 404 and 405 responses too.
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-CSRF-Token, X-Request-Id',
  'Access-Control-Max-Age': '600',
};

/**
 * Lets pages of the listed origins read responses and send credentials (CORS, Fetch standard). Origins are compared as
 * whole strings.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** The CORS headers for a request's origin; none if it is not listed. */
  headers({ url, headers }: FastifyRequest): Record<string, string> | undefined {
    if (isPublic(url)) {
      return {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': EXPOSED,
        'Cross-Origin-Resource-Policy': 'cross-origin',
      };
    }
    const { origin } = headers;
    if (origin === undefined || !this.#origins.has(origin)) return undefined;
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': EXPOSED,
    };
  }

  /** The headers of a preflight response, if {@link headers} has allowed the origin. */
  preflight(request: FastifyRequest, reply: FastifyReply): Record<string, string> | undefined {
    if (request.method !== 'OPTIONS') return undefined;
    const { origin, 'access-control-request-method': asked } = request.headers;
    const isPreflight = origin !== undefined && asked !== undefined;
    return isPreflight && reply.hasHeader('Access-Control-Allow-Origin') ? PREFLIGHT : undefined;
  }

  /** Keeps caches from serving one origin's response to another. Call it after all other headers are set. */
  vary({ url }: FastifyRequest, reply: FastifyReply): void {
    if (this.#origins.size === 0 || isPublic(url)) return;
    const others = reply.getHeader('Vary');
    reply.header('Vary', others === undefined ? 'Origin' : `${others}, Origin`);
  }
}
