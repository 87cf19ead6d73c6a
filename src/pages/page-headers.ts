/**
 * No scripts, no frames, and forms to this service only. Redirects, images and styles of others are blocked too. The other
 * security headers, such as `Referrer-Policy: no-referrer` and `Cache-Control: no-store`, are those of all responses.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/** The headers of every page, errors included. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  Vary: 'Accept-Language',
};
