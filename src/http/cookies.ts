/** The value of a cookie, or why there is none to rely on. */
export interface CookieReading {
  value?: string;
  /** Two cookies have the name, or there is an attribute of the first cookie standard (`$Version`, RFC 2965). */
  ambiguous: boolean;
}

/**
 * Reads the one cookie of a name from a `Cookie` header (RFC 6265bis §4.2), in one pass over it. Only spaces and tabs
 * are cut off names and values: cutting off the spaces of Unicode too would let another cookie pass for this one.
 */
export function readCookie(header: string | undefined, name: string): CookieReading {
  const values: string[] = [];
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    const key = trim(equals < 0 ? pair : pair.slice(0, equals));
    if (key.startsWith('$')) return { ambiguous: true };
    if (key === name) values.push(equals < 0 ? '' : trim(pair.slice(equals + 1)));
  }
  const [value, ...others] = values;
  return value === undefined || others.length > 0 ? { ambiguous: others.length > 0 } : { value, ambiguous: false };
}

/** By hand: a regular expression that looks for spaces at the end begins again at each space before it. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** The names of the cookies that this server sets. */
export interface CookieNames {
  session: string;
  device: string;
}

/**
 * Over https the names begin with `__Host-`, so no other host and no plain connection can set them (RFC 6265bis §4.1.3.2).
 * Plain http, for development, has no such names.
 */
export function cookieNames(https: boolean): CookieNames {
  const prefix = https ? '__Host-' : '';
  return { session: `${prefix}portero`, device: `${prefix}portero-device` };
}

declare module 'fastify' {
  interface FastifyInstance {
    cookieNames: CookieNames;
  }
}
