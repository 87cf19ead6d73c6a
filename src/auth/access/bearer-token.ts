import type { IncomingHttpHeaders } from 'node:http';

/** Returns the unparsed token of the Bearer scheme (RFC 6750 §2.1), or undefined if the request uses another scheme or none. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined;
  // The fast path, because this runs on every request.
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7);
  const [scheme] = /^bearer(?:[ \t]+|$)/i.exec(authorization) ?? [];
  return scheme === undefined ? undefined : authorization.slice(scheme.length);
}
