import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The rows of a table outside of the project, if it exists: in `SHARED_DIR`, or in the folder `shared` next to the
 * project. Otherwise undefined.
 */
export function sharedTable(file: string, override?: string): string[][] | undefined {
  const path = override ?? join(process.env.SHARED_DIR ?? '../shared', file);
  if (!existsSync(path)) {
    return undefined;
  }
  return tableRows(readFileSync(path, 'utf8'));
}

/** The cells of every row of every table, without headers and separators. */
export function tableRows(markdown: string): string[][] {
  return [...markdown.matchAll(/^\|(.+)\|$/gm)]
    .map(([, row]) => (row as string).split('|').map((cell) => cell.trim()))
    .filter(([first = '']) => !/^(-+|id|class|level)$/i.test(first));
}
