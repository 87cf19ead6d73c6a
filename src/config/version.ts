import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version of this release, from the nearest package.json above this file that has one; dist/package.json has none. */
export const VERSION: string = readVersion(new URL('.', import.meta.url));

function readVersion(folder: URL): string {
  const file = new URL('package.json', folder);
  const found = existsSync(file) ? JSON.parse(readFileSync(fileURLToPath(file), 'utf8')).version : undefined;
  return found ?? readVersion(new URL('..', folder));
}
