import type { FastifyInstance } from 'fastify';
import { MalformedRequest, UnsupportedMediaType } from '../problems/http.errors.js';
import { findJsonFault } from './json-fault.js';
import { JsonTooDeep, parseStrictJson } from './strict-json.js';

export const BODY_LIMIT = 32 * 1024;

/**
 * Accepts only JSON bodies, in strict UTF-8 (RFC 8259 §8.1) and without duplicate members. Other content types are rejected,
 * so another site's form can't be posted here.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.routeOptions.config.form) return done(new UnsupportedMediaType({ detail: { name: 'form_expected' } }));
    // Some clients send the content type with an empty body.
    if (body.length === 0) return done(null, undefined);
    if (!/^application\/json(\s*;\s*charset="?utf-8"?)?\s*$/i.test(request.headers['content-type'] ?? '')) {
      return done(new UnsupportedMediaType({ detail: { name: 'charset' } }));
    }
    let text: string;
    try {
      text = utf8.decode(body);
    } catch (cause) {
      return done(new MalformedRequest({ cause, detail: { name: 'not_utf8' } }));
    }
    try {
      done(null, parseStrictJson(text));
    } catch (cause) {
      const detail = cause instanceof JsonTooDeep ? ({ name: 'json_too_deep' } as const) : findJsonFault(text);
      done(new MalformedRequest({ cause, detail }));
    }
  });
  fastify.addContentTypeParser('*', (request, _payload, done) => {
    const { form } = request.routeOptions.config;
    done(new UnsupportedMediaType(form ? { detail: { name: 'form_expected' } } : {}));
  });
}
