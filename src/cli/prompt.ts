import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandFailed } from './command-failed.js';
import type { Terminal } from './terminal.js';

/** In bytes: more than the longest password that the policy allows. */
const MAX_INPUT = 4096;

/**
 * Reads a new password: on a terminal twice and without echo, else from standard input, which must contain one line.
 *
 * @throws CommandFailed
 */
export async function readNewPassword(terminal: Terminal): Promise<string> {
  if (terminal.stdin.isTTY !== true) return await readLine(terminal.stdin);
  return await withTerminal(terminal, { hidden: true }, async (ask) => {
    const password = await ask('Password: ');
    if (password !== (await ask('Repeat the password: '))) {
      throw new CommandFailed('the two passwords differ; nothing was changed');
    }
    return requireText(password);
  });
}

/**
 * Asks the operator to confirm, unless `yes` is set.
 *
 * @throws CommandFailed if they do not, or if there is no terminal
 */
export async function confirm(terminal: Terminal, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (terminal.stdin.isTTY !== true) {
    throw new CommandFailed('requires --yes, because standard input is not a terminal');
  }
  const answer = await withTerminal(terminal, { hidden: false }, (ask) => ask(`${question} [y/N] `));
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailed('nothing was changed');
}

type Ask = (question: string) => Promise<string>;

/**
 * Asks questions on the terminal. Echo is off from before the first question until after the last answer, so that nothing typed
 * in between is shown. Questions are written to standard error; standard output contains only the result.
 */
async function withTerminal<T>(
  { stdin, stderr }: Terminal,
  { hidden }: { hidden: boolean },
  talk: (ask: Ask) => Promise<T>,
): Promise<T> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: hidden ? nowhere : stderr, terminal: true, historySize: 0 });
  const ask: Ask = async (question) => {
    stderr.write(question);
    try {
      return await new Promise((resolve, reject) => {
        lines.once('line', resolve);
        // Ctrl-C and Ctrl-D.
        lines.once('close', () => reject(new CommandFailed('nothing was changed')));
      });
    } finally {
      if (hidden) stderr.write('\n');
    }
  };
  try {
    return await talk(ask);
  } finally {
    lines.close();
  }
}

async function readLine(stdin: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    length += chunk.length;
    if (length > MAX_INPUT) throw new CommandFailed(`standard input has more than ${MAX_INPUT} bytes`);
    chunks.push(chunk);
  }
  const line = decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (line === '') throw new CommandFailed('requires the password on standard input');
  if (/[\n\r]/.test(line)) throw new CommandFailed('standard input must be one line of text: the password');
  return requireText(line);
}

/** @throws CommandFailed if it contains what no request may contain */
function requireText(password: string): string {
  if (password.includes('\0') || !password.isWellFormed()) throw new CommandFailed('the password is not text');
  return password;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandFailed('the password on standard input is not UTF-8');
  }
}
