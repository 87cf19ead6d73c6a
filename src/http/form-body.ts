import type { FastifyInstance } from 'fastify';
import { MalformedRequest, UnsupportedMediaType } from '../problems/http.errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes a form in place of JSON: only what authenticates by a header of its own, so that no other site can post there. */
    form?: boolean;
  }
}

/** Takes forms on the routes that say so. A parameter given twice is refused (RFC 6749 §3.2). */
export function acceptForms(fastify: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const options = { parseAs: 'buffer' } as const;
  fastify.addContentTypeParser<Buffer>('application/x-www-form-urlencoded', options, (request, body, done) => {
    if (!request.routeOptions.config.form) return done(new UnsupportedMediaType());
    try {
      const parameters = [...new URLSearchParams(utf8.decode(body))];
      const form = new Map(parameters);
      if (form.size < parameters.length) return done(new MalformedRequest());
      done(null, Object.fromEntries(form));
    } catch (cause) {
      done(new MalformedRequest({ cause }));
    }
  });
}
