const AUTHORITY = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;
const EXACT_PATH = /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/;

/** Whether a text is a host with an optional port, as `Host` must be (RFC 9110 §7.2). An empty host is none (§4.2.1). */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

/**
 * A request target as path and query: the absolute form that every server must take (RFC 9112 §3.2.2) becomes what
 * the same request without a proxy would say, before anything looks at it.
 */
export function originForm(target: string): string {
  const [prefix, authority] = ABSOLUTE_FORM.exec(target) ?? [];
  if (prefix === undefined || authority === undefined || !isAuthority(authority)) return target;
  const rest = target.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The path of a request target in origin form, as it was sent. */
export function pathOf(target: string): string {
  return target.split('?', 1)[0] as string;
}

/**
 * Whether a path is spelled in the one way in which a route may be. Encoded characters, empty and dot segments, `;`
 * and `#` are other names for the same thing to some readers (the router, a proxy, a limiter) and not to others.
 */
export function isExactPath(path: string): boolean {
  return EXACT_PATH.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path);
}
