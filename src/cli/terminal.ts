import type { Readable } from 'node:stream';

/** The environment and streams of a command: those of the process, or those of a test. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdin: Readable & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Writes one or more lines to standard output. */
export function print({ stdout }: Terminal, text: string): void {
  stdout.write(`${text}\n`);
}
