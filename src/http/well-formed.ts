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
  if (raw.httpVersionMajor !== 1 || !hasOneHost(raw) || !hasKnownFraming(raw) || saysTwice(raw)) {
    // The rest of the connection could be read differently too.
    return new MalformedRequest({ headers: { Connection: 'close' } });
  }
  if (raw.rawHeaders.length > 2 * MAX_HEADERS) return new HeadersTooLarge({ headers: { Connection: 'close' } });
  if (url === '*' && method === 'OPTIONS') return undefined;
  // Asterisk form, authority form, and absolute form with other schemes (RFC 9112 §3.2).
  if (!url.startsWith('/')) return new MalformedRequest();
  return isExactPath(pathOf(url)) ? undefined : new NotFound();
}

/** RFC 9110 §5.3: these headers must appear once. Node.js uses the first one, other servers the last. */
function saysTwice({ rawHeaders }: IncomingMessage): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { length } = rawHeaders[index] as string;
    if (length !== 'authorization'.length && length !== 'content-type'.length) continue;
    const name = (rawHeaders[index] as string).toLowerCase();
    if (name !== 'authorization' && name !== 'content-type') continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** RFC 9112 §3.2: exactly one valid Host; only HTTP/1.0 may omit it. */
function hasOneHost({ rawHeaders, httpVersionMinor }: IncomingMessage): boolean {
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return false;
    host = rawHeaders[index + 1] as string;
  }
  return host === undefined ? httpVersionMinor === 0 : isAuthority(host);
}

/** RFC 9112 §6.1: only `chunked` is supported, and HTTP/1.0 has no transfer codings. */
function hasKnownFraming({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor > 0 && coding.toLowerCase() === 'chunked');
}
