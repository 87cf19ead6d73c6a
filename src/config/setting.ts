import { StartError } from './start-error.js';

/** A setting has an invalid value. */
export class ConfigError extends StartError {
  override name = 'ConfigError';

  constructor(name: string, fault: string, example: string) {
    super(`${name} ${fault} (for example ${name}=${example})`);
  }
}

/** Parses one kind of value. @throws ConfigError if the text is not valid */
export type Parser<T> = (text: string, name: string) => T;

/** Reads one setting, or its default if it is not set. */
export type Read = <T>(name: string, parser: Parser<T>, fallback: T) => T;

/** Reads settings, and adds their names to `known`. An empty value means the default. */
export function readFrom(env: NodeJS.ProcessEnv, known = new Set<string>()): Read {
  return (name, parser, fallback) => {
    known.add(name);
    return env[name] ? parser(env[name], name) : fallback;
  };
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `10s` or `14d`, in milliseconds. Bounds are inclusive, in milliseconds. */
export function duration(example: string, bounds: { min?: number; max?: number } = {}): Parser<number> {
  return (text, name) => {
    const match = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text);
    if (!match) throw new ConfigError(name, 'must be a whole number followed by ms, s, m, h or d', example);
    const value = Number(match[1]) * (UNITS[match[2] as string] as number);
    if (value < (bounds.min ?? 0)) throw new ConfigError(name, `must be at least ${bounds.min} ms`, example);
    if (value > (bounds.max ?? 3650 * 86_400_000)) throw new ConfigError(name, 'is too long', example);
    return value;
  };
}

/** At most `quota` in a window. */
export interface Rate {
  quota: number;
  windowSeconds: number;
}

/** A {@link Rate} such as `60/1m`: at least one, per window of whole seconds up to a day. */
export function rate(example: string): Parser<Rate> {
  return (text, name) => {
    const match = /^([1-9]\d{0,8})\/(\d+[a-z]+)$/.exec(text);
    if (!match) throw new ConfigError(name, 'must be a whole number from 1, a slash and a duration', example);
    const windowMs = duration(example, { min: 1000, max: 86_400_000 })(match[2] as string, name);
    if (windowMs % 1000 !== 0) throw new ConfigError(name, 'must span whole seconds', example);
    return { quota: Number(match[1]), windowSeconds: windowMs / 1000 };
  };
}

/** A whole number in decimal digits. Bounds are inclusive. */
export function integer(example: number, bounds: { min: number; max: number }): Parser<number> {
  return (text, name) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= bounds.min && value <= bounds.max)) {
      throw new ConfigError(name, `must be a whole number from ${bounds.min} to ${bounds.max}`, String(example));
    }
    return value;
  };
}

/** One of the given words. */
export function oneOf<const T extends string>(...words: T[]): Parser<T> {
  return (text, name) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new ConfigError(name, `must be one of: ${words.join(', ')}`, words[0] as string);
    return word;
  };
}

/** A URL with one of the given schemes, as typed. */
export function url(example: string, ...schemes: string[]): Parser<string> {
  return (text, name) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    if (!parsed || !schemes.includes(parsed.protocol.slice(0, -1))) {
      throw new ConfigError(
        name,
        `must be a URL that begins with ${schemes.map((s) => `${s}://`).join(' or ')}`,
        example,
      );
    }
    // The drivers decode user and password.
    if (!isDecodable(text)) throw new ConfigError(name, 'has a % that must be written as %25', example);
    return text;
  };
}

/** A URL without query, fragment and user information (RFC 8414 §2: an issuer has none). */
export function bareUrl(example: string): Parser<string> {
  return (value, name) => {
    const { href, search, hash, username, password } = new URL(url(example, 'https', 'http')(value, name));
    if (search || hash || username || password) {
      throw new ConfigError(name, 'must have no query, fragment or user information', example);
    }
    return href;
  };
}

/** The text without slashes at its end. */
export function trimSlash(value: string): string {
  let end = value.length;
  while (value[end - 1] === '/') end -= 1;
  return value.slice(0, end);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Comma-separated origins, each spelled as browsers send it, because they are compared as text. */
export function origins(example: string): Parser<readonly string[]> {
  return (text, name) => {
    const listed = text.split(',').map((origin) => origin.trim());
    for (const origin of listed) {
      const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
      if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.origin !== origin || origin.includes('*')) {
        throw new ConfigError(
          name,
          `must list exact origins: http or https, a host in lower case, and a port only if it is not the default; "${printable(origin)}" is not one`,
          example,
        );
      }
    }
    return [...new Set(listed)];
  };
}

function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 100);
}

/** A non-empty text. */
export function text(example: string): Parser<string> {
  return (value, name) => {
    if (value.trim() === '') throw new ConfigError(name, 'must not be empty', example);
    return value;
  };
}
