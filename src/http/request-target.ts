const AUTHORITY = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;
const EXACT_PATH = /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/;

/** Whether a text is a valid `Host`: a host and an optional port (RFC 9110 §7.2). The host must not be empty (§4.2.1). */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

/**
 * Converts a request target in absolute form, which every server must accept (RFC 9112 §3.2.2), to origin form: path and
 * query.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const [prefix, authority] = ABSOLUTE_FORM.exec(target) ?? [];
  if (prefix === undefined || authority === undefined || !isAuthority(authority)) return target;
  const rest = target.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The path of a request target in origin form, as it was sent. */
export function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

/**
 * Whether a path is in its only accepted spelling. Routers, proxies and rate limiters disagree about encoded characters, empty
 * and dot segments, `;` and `#`.
 */
export function isExactPath(path: string): boolean {
  return EXACT_PATH.test(path) && !(path.includes('/.') && /\/\.{1,2}(?:\/|$)/.test(path));
}
