import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { codeBlocks } from './code-blocks.js';

/** The issuer in the snippets of the documentation: the only text that tests replace. */
const ISSUER = 'http://localhost:3000';
const FILE_NAME = /^(?:#|\/\/) ([\w-]+(?:\.[\w-]+)+)/;

/**
 * The code blocks of a page in these languages, by the file name in their first line (`# portero.py`), or by the language if
 * there is none.
 */
export function snippetsOf(page: string, ...languages: string[]): Map<string, string> {
  const blocks = codeBlocks(page).filter(({ language }) => languages.includes(language));
  return new Map(blocks.map(({ language, text }) => [FILE_NAME.exec(text)?.[1] ?? language, text]));
}

/** A folder with the snippets of a page, as a reader would save them. */
export class SnippetFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'portero-snippets-'));

  constructor(snippets: Map<string, string>, issuer: string) {
    symlinkSync(resolve('node_modules'), join(this.path, 'node_modules'));
    this.write('package.json', '{"type":"module"}');
    for (const [file, code] of snippets) this.write(file, code.replaceAll(ISSUER, issuer));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8');
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
