import { foreignFormatOf } from '../passwords/formats/foreign-formats.js';
import { readOwnHash } from '../passwords/own-hash.js';

/** The name of a stored hash's format, as in docs/migrating-users.md. */
export function hashName(stored: string | null | undefined): string {
  if (stored === null || stored === undefined) return 'none';
  const own = readOwnHash(stored);
  return own ? `portero-${own.scheme}` : (foreignFormatOf(stored)?.name ?? 'unknown');
}
