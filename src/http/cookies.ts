/** The value of a cookie, if it has exactly one. */
export interface CookieReading {
  value?: string;
  /** Two cookies have the name, or the header has an attribute of RFC 2965 (`$Version`). */
  ambiguous: boolean;
}

/**
 * Reads the cookie of a name from a `Cookie` header (RFC 6265bis §4.2) in linear time. Only spaces and tabs are trimmed:
 * `String.trim` also removes Unicode spaces, and would read a different name as this one.
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

/** A regular expression for trailing spaces takes quadratic time. */
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
