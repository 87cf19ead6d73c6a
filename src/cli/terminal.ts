import type { Readable } from 'node:stream';
import { escapeInvisible } from '../logging/invisible.js';

/** The environment and streams of a command: those of the process, or those of a test. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdin: Readable & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Writes one or more lines to standard output. Invisible characters in them are escaped as in JSON: terminals may obey them. */
export function print({ stdout }: Terminal, text: string): void {
  stdout.write(`${escapeInvisible(text)}\n`);
}
