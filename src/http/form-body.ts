import type { FastifyInstance } from 'fastify';
import { MalformedRequest, UnsupportedMediaType } from '../problems/http.errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Accepts a form instead of JSON. Only for routes that ignore session cookies: those that authenticate by a header, which
     * another site's form can't send, and pages whose forms contain the credential (`SubmitsPage`).
     */
    form?: boolean;
  }
}

/** Accepts forms on routes with `form: true`. Rejects a repeated parameter (RFC 6749 §3.2). */
export function acceptForms(fastify: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const options = { parseAs: 'buffer' } as const;
  fastify.addContentTypeParser<Buffer>('application/x-www-form-urlencoded', options, (request, body, done) => {
    if (!request.routeOptions.config.form) return done(new UnsupportedMediaType());
    let parameters: [string, string][];
    try {
      parameters = [...new URLSearchParams(utf8.decode(body))];
    } catch (cause) {
      return done(new MalformedRequest({ cause, detail: { name: 'not_utf8' } }));
    }
    const repeated = repeatedName(parameters);
    if (repeated === undefined) return done(null, Object.fromEntries(parameters));
    done(new MalformedRequest({ detail: { name: 'parameter_repeated', values: { name: repeated } } }));
  });
}

function repeatedName(parameters: [string, string][]): string | undefined {
  const names = new Set<string>();
  for (const [name] of parameters) {
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}
