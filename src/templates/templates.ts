import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta/core';
import { Config } from '../config/config.js';
import { ConfigError } from '../config/setting.js';
import { StartError } from '../config/start-error.js';

const OWN = fileURLToPath(new URL('views', import.meta.url));
const EXTENSION = '.eta';

/** The templates of pages and mails, compiled at the start. `TEMPLATES_DIR` replaces some of them. */
@Injectable()
export class Templates {
  readonly #html = new Eta();
  readonly #text = new Eta({ autoEscape: false, autoTrim: false });
  readonly #files: ReadonlyMap<string, string>;
  readonly #folder: string | undefined;

  /** @throws StartError if the folder can't be read, or a template in it is unknown or not valid */
  constructor({ templatesDir }: Config) {
    this.#folder = templatesDir;
    const own = readFolder(OWN);
    const replaced = templatesDir === undefined ? [] : readReplacements(templatesDir, own);
    this.#files = new Map([...own, ...replaced]);
    for (const [file, text] of this.#files) {
      if (file.endsWith(EXTENSION)) this.#compile(file, text);
    }
  }

  /** Whether some templates are the operator's, so they should be tried at the start. */
  get areReplaced(): boolean {
    return this.#folder !== undefined;
  }

  /**
   * Renders a template. All values are escaped for HTML, except in plain text (`.txt`).
   *
   * @param name the file name without `.eta`
   */
  render(name: string, data: object): string {
    return this.#engineOf(name).render(`@${name}`, data);
  }

  /** The contents of a file that is not a template, such as the stylesheet. */
  file(name: string): string {
    const text = this.#files.get(name);
    if (text === undefined) throw new Error(`there is no file ${name} among the templates`);
    return text;
  }

  /** Renders templates with examples, because a compiled template can still fail. @throws StartError */
  try(examples: () => void): void {
    if (!this.areReplaced) return;
    try {
      examples();
    } catch (error) {
      throw new StartError(`a template in TEMPLATES_DIR=${this.#folder} can't be rendered: ${firstLine(error)}`);
    }
  }

  #compile(file: string, text: string): void {
    const name = file.slice(0, -EXTENSION.length);
    try {
      this.#engineOf(name).loadTemplate(`@${name}`, text);
    } catch (error) {
      throw new StartError(`${join(this.#folder ?? OWN, file)} is not a valid template: ${firstLine(error)}`);
    }
  }

  #engineOf(name: string): Eta {
    return name.endsWith('.txt') ? this.#text : this.#html;
  }
}

function readFolder(folder: string): Map<string, string> {
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

function readReplacements(folder: string, own: ReadonlyMap<string, string>): Map<string, string> {
  let files: Map<string, string>;
  try {
    files = readFolder(folder);
  } catch (error) {
    throw new ConfigError('TEMPLATES_DIR', `can't be read: ${(error as Error).message}`, './templates');
  }
  for (const file of files.keys()) {
    // A misspelled name would otherwise have no effect.
    if (!own.has(file)) {
      throw new ConfigError(
        'TEMPLATES_DIR',
        `has an unknown file ${file}; known: ${[...own.keys()].join(', ')}`,
        './templates',
      );
    }
  }
  return files;
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]?.trim().replace(/:$/, '') ?? '';
}
