/** What a command reads and writes: the process's own, or a caller's. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdin: AsyncIterable<Buffer>;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Writes one or more lines to standard output. */
export function print({ stdout }: Terminal, text: string): void {
  stdout.write(`${text}\n`);
}
