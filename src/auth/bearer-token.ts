import type { IncomingHttpHeaders } from 'node:http';

/** The credentials of the Bearer scheme (RFC 6750 §2.1), as they stand; nothing where another scheme or none is used. */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^bearer(?:$|[ \t]+(.*)$)/i.exec(headers.authorization ?? '')?.map((part) => part ?? '')[1];
}
