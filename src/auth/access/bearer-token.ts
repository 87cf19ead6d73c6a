import type { IncomingHttpHeaders } from 'node:http';

/** The credentials of the Bearer scheme (RFC 6750 §2.1), as they stand; nothing where another scheme or none is used. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined;
  // Nearly every client writes it so, and this is asked on every request.
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7);
  const [scheme] = /^bearer(?:[ \t]+|$)/i.exec(authorization) ?? [];
  return scheme === undefined ? undefined : authorization.slice(scheme.length);
}
