import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version of this release: that of the nearest package.json above this file, also in a bundle. */
export const VERSION: string = readVersion(new URL('.', import.meta.url));

function readVersion(folder: URL): string {
  const file = new URL('package.json', folder);
  if (existsSync(file)) return JSON.parse(readFileSync(fileURLToPath(file), 'utf8')).version;
  return readVersion(new URL('..', folder));
}
