import type { FastifyReply, FastifyRequest } from 'fastify';

/** Keys and metadata: anybody's page may read them, since they carry nothing personal. */
const PUBLIC = /^\/(?:\.well-known\/|openapi\.json(?:\?|$))/;

/** What a script may read beside the body. */
const EXPOSED = 'X-Request-Id, RateLimit, RateLimit-Policy, Retry-After';

// The same for every address, so that a script reads our 404 and 405 and not a bare failure.
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-CSRF-Token, X-Request-Id',
  'Access-Control-Max-Age': '600',
};

/**
 * Lets pages of the listed origins, and of no other, read answers and send credentials (the Fetch standard's CORS
 * protocol). An origin is compared as a whole, letter by letter.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** The headers for the caller's origin: none at all for one that is not listed. */
  headers({ url, headers }: FastifyRequest): Record<string, string> | undefined {
    if (PUBLIC.test(url)) {
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

  /** The headers of the answer to a preflight, where {@link headers} has let its origin in; else nothing. */
  preflight(request: FastifyRequest, reply: FastifyReply): Record<string, string> | undefined {
    if (request.method !== 'OPTIONS') return undefined;
    const { origin, 'access-control-request-method': asked } = request.headers;
    const isPreflight = origin !== undefined && asked !== undefined;
    return isPreflight && reply.hasHeader('Access-Control-Allow-Origin') ? PREFLIGHT : undefined;
  }

  /** Keeps caches from giving one origin's answer to another. To be called when the rest of the headers is there. */
  vary({ url }: FastifyRequest, reply: FastifyReply): void {
    if (this.#origins.size === 0 || PUBLIC.test(url)) return;
    const others = reply.getHeader('Vary');
    reply.header('Vary', others === undefined ? 'Origin' : `${others}, Origin`);
  }
}
