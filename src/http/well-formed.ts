import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { AuthError } from '../problems/auth-error.js';
import { HeadersTooLarge, MalformedRequest, NotFound } from '../problems/http.errors.js';
import { isAuthority, isExactPath, pathOf } from './request-target.js';

/** The parser counts bytes, and of lines beyond some thousands it keeps none. */
const MOST_HEADERS = 100;

/** The refusal of what the parser accepts and two servers in a row could read differently. */
export function ambiguity({ raw, url, method }: FastifyRequest): AuthError | undefined {
  // The parser lets HTTP/0.9 and 2.0 pass as a version number of HTTP/1.
  if (raw.httpVersionMajor !== 1 || !hasOneHost(raw) || !hasKnownFraming(raw) || saysTwice(raw)) {
    // Where a request is read in two ways, so may be what follows it.
    return new MalformedRequest({ headers: { Connection: 'close' } });
  }
  if (raw.rawHeaders.length > 2 * MOST_HEADERS) return new HeadersTooLarge({ headers: { Connection: 'close' } });
  if (url === '*' && method === 'OPTIONS') return undefined;
  // The asterisk and authority forms, and absolute ones of other schemes (RFC 9112 §3.2).
  if (!url.startsWith('/')) return new MalformedRequest();
  return isExactPath(pathOf(url)) ? undefined : new NotFound();
}

/** RFC 9110 §5.3: who a request is from and what its body is are said once. Node.js would take the first, others the last. */
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

/** RFC 9112 §3.2: exactly one, and of the right form; only HTTP/1.0 may leave it out. */
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

/** RFC 9112 §6.1: no coding but `chunked`, and in HTTP/1.0 not even that. */
function hasKnownFraming({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor > 0 && coding.toLowerCase() === 'chunked');
}
