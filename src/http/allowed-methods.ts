import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuthError } from '../problems/auth-error.js';
import { MethodNotAllowed } from '../problems/http.errors.js';
import { pathOf } from './request-target.js';

/** The methods of each URL, for `405` with `Allow` (RFC 9110 §15.5.6). */
export class AllowedMethods {
  readonly #routes: { segments: string[]; method: string }[] = [];

  /** Learns every route that is added from now on. */
  follow(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      if (url.includes('*')) return;
      const segments = url.split('/');
      for (const one of [method].flat()) this.#routes.push({ segments, method: one });
    });
  }

  /** Turns "not found" into `MethodNotAllowed` if the URL supports other methods. */
  readonly translate = (thrown: unknown, request: FastifyRequest): AuthError | undefined => {
    if (!request.is404 || !(thrown instanceof NotFoundException)) return undefined;
    const methods = this.#at(pathOf(request.url));
    return methods.length > 0 ? new MethodNotAllowed({ headers: { Allow: methods.join(', ') } }) : undefined;
  };

  #at(path: string): string[] {
    // `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7).
    const given = path.split('/');
    const found = this.#routes.filter(({ segments }) => path === '*' || matches(segments, given));
    return [...new Set(found.map(({ method }) => method))].sort();
  }
}

/** Whether a path matches a route. A segment of the route that begins with `:` matches any that is not empty. */
function matches(route: string[], path: string[]): boolean {
  return (
    route.length === path.length &&
    route.every((segment, index) => (segment.startsWith(':') ? path[index] !== '' : segment === path[index]))
  );
}
