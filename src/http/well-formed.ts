import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { AuthError } from '../problems/auth-error.js';
import { HeadersTooLarge, MalformedRequest, NotFound } from '../problems/http.errors.js';
import { isAuthority, isExactPath, pathOf } from './request-target.js';

/** The parser limits the bytes of headers, and silently drops headers beyond its limit of lines. */
const MAX_HEADERS = 100;

/** Returns an error for a request that the parser accepts but a proxy and this server could read differently. */
export function ambiguity({ raw, url, method }: FastifyRequest): AuthError | undefined {
  // The parser accepts HTTP/0.9 and HTTP/2.0 as versions.
  if (raw.httpVersionMajor !== 1 || !hasSingleHeaders(raw) || !hasKnownFraming(raw)) {
    // The rest of the connection could be read differently too.
    return new MalformedRequest({ headers: { Connection: 'close' } });
  }
  if (raw.rawHeaders.length > 2 * MAX_HEADERS) return new HeadersTooLarge({ headers: { Connection: 'close' } });
  if (url === '*' && method === 'OPTIONS') return undefined;
  // Asterisk form, authority form, and absolute form with other schemes (RFC 9112 §3.2).
  if (!url.startsWith('/')) return new MalformedRequest();
  return isExactPath(pathOf(url)) ? undefined : new NotFound();
}

/**
 * Exactly one valid Host, which only HTTP/1.0 may omit (RFC 9112 §3.2). Authorization and Content-Type must not appear twice
 * (RFC 9110 §5.3): Node.js uses the first one, other servers the last.
 */
function hasSingleHeaders({ rawHeaders, httpVersionMinor }: IncomingMessage): boolean {
  let host: string | undefined;
  let authorization = false;
  let contentType = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    // Most names differ in length already.
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== undefined) return false;
      host = rawHeaders[index + 1] as string;
    } else if (name.length === 13 && name.toLowerCase() === 'authorization') {
      if (authorization) return false;
      authorization = true;
    } else if (name.length === 12 && name.toLowerCase() === 'content-type') {
      if (contentType) return false;
      contentType = true;
    }
  }
  return host === undefined ? httpVersionMinor === 0 : isAuthority(host);
}

/** RFC 9112 §6.1: only `chunked` is supported, and HTTP/1.0 has no transfer codings. */
function hasKnownFraming({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor > 0 && coding.toLowerCase() === 'chunked');
}
