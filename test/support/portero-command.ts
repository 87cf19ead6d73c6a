import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { portero } from '../../src/cli/portero.js';
import { release } from '../runner/clusters.js';
import { createDatabase, type TestDatabase } from './engine.js';
import { collectLog } from './leaks.js';
import { onTerminal } from './pseudo-terminal.js';
import { secrets } from './secrets.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** The `portero` command with a separate database. */
export class PorteroCommand {
  private constructor(
    readonly database: TestDatabase,
    /** The folder for files of the test. */
    readonly folder: string,
  ) {}

  static async create(): Promise<PorteroCommand> {
    return new PorteroCommand(
      await createDatabase({ stayOpen: true }),
      await mkdtemp(join(tmpdir(), 'portero-import-')),
    );
  }

  async remove(): Promise<void> {
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }

  /** Runs the command in this process, with `input` on standard input. */
  readonly run = async (args: string[], input: string | Buffer = ''): Promise<Ended> => {
    const out = new Written();
    const err = new Written();
    const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)], { objectMode: false });
    const code = await portero(args, { env: this.#env, stdin, stdout: out, stderr: err });
    return this.#ended(args, { code, stdout: out.text, stderr: err.text });
  };

  /** The same in a separate process, for tests of the process itself. */
  readonly runProcess = async (
    args: string[],
    input?: string | Buffer,
    [file, ...first]: [string, ...string[]] = [process.execPath, 'dist/portero.js'],
  ): Promise<Ended> => {
    await release(this.database.env.DATA_DIR as string);
    const child = spawn(file, [...first, ...args], { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    // A command that fails early does not read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return this.#ended(args, { code, stdout, stderr });
  };

  /** The same on a pseudo-terminal, with answers to its questions. */
  readonly onTerminal = async (line: string, ...dialogue: [string, string][]): ReturnType<typeof onTerminal> => {
    await release(this.database.env.DATA_DIR as string);
    const ended = await onTerminal(`${process.execPath} dist/portero.js ${line}`, this.#env, dialogue);
    collectLog(`the terminal of portero ${line}`, ended.screen);
    return ended;
  };

  get #env(): Record<string, string> {
    const { PATH, HOME } = process.env as { PATH: string; HOME: string };
    return { PATH, HOME, ENV_FILE: 'none', PORTERO_SECRET: SECRET, RATE_LIMIT: 'off', ...this.database.env };
  }

  #ended(args: string[], ended: Ended): Ended {
    secrets.addEncoded(SECRET);
    for (const [, secret] of ended.stdout.matchAll(/client_secret\W+([\w-]{40,})/g)) secrets.add(secret as string);
    collectLog(`the errors of portero ${args[0]} ${args[1]}`, ended.stderr);
    return ended;
  }

  /** Queries its database, which must be on a PostgreSQL server. */
  readonly sql = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: this.database.env.DATABASE_URL as string });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };

  readonly importText = (text: string | Buffer, ...options: string[]): Promise<Ended> =>
    this.run(['users', 'import', '-', ...options], text);

  /** Writes a file in the folder. */
  readonly file = (name: string, content: string | Buffer): string => {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  };

  /** The number of users per hash format. */
  readonly hashes = async (): Promise<Record<string, number>> => {
    const { stdout } = await this.run(['users', 'hashes', '--json']);
    return JSON.parse(stdout).hashes;
  };
}

/** A short summary of the result of a command. */
export const summary = ({ code, stdout, stderr }: Ended) => ({ code, last: stdout.trim().split('\n').at(-1), stderr });

/** A stream that collects its input. */
class Written extends Writable {
  #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
