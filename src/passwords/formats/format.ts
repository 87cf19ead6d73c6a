import { timingSafeEqual } from 'node:crypto';
import { type Compare, type HashFormat, MalformedHash } from '../hash-format.js';
import { LIMITS } from './limits.js';

/** A format known by its first characters. `read` sees no text that is longer than any hash or without a prefix. */
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

/** Whether both are the same bytes, in a time that tells nothing of where they differ. */
export function equalBytes(computed: Buffer, expected: Buffer): boolean {
  return computed.length === expected.length && timingSafeEqual(computed, expected);
}
