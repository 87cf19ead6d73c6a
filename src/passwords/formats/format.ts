import { timingSafeEqual } from 'node:crypto';
import { type Compare, type HashFormat, MalformedHash } from '../hash-format.js';
import { LIMITS } from './limits.js';

/** A format that is recognized by a prefix. `read` gets only texts with a prefix and of a valid length. */
export function hashFormat(
  name: string,
  prefixes: readonly string[],
  read: (stored: string, prefix: string) => Compare,
): HashFormat {
  const prefixOf = (stored: string) => prefixes.find((prefix) => stored.startsWith(prefix));
  return Object.freeze({
    name,
    recognises: (stored: string) => prefixOf(stored) !== undefined,
    parse(stored: string): Compare {
      if (stored.length > LIMITS.storedLength) {
        throw new MalformedHash(`longer than ${LIMITS.storedLength} characters`);
      }
      const prefix = prefixOf(stored);
      if (prefix === undefined) throw new MalformedHash(`not a ${name} hash`);
      return read(stored, prefix);
    },
  });
}

/** Compares in constant time. */
export function equalBytes(computed: Buffer, expected: Buffer): boolean {
  return computed.length === expected.length && timingSafeEqual(computed, expected);
}
