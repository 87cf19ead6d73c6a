import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase, type TestDatabase } from './engine.js';
import { collectLog } from './leaks.js';
import { secrets } from './secrets.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** The `portero` command on a database of its own. */
export class PorteroCommand {
  private constructor(
    readonly database: TestDatabase,
    /** For files of the test. */
    readonly folder: string,
  ) {}

  static async create(): Promise<PorteroCommand> {
    return new PorteroCommand(await createDatabase(), await mkdtemp(join(tmpdir(), 'portero-import-')));
  }

  async remove(): Promise<void> {
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }

  /** Runs it to its end, with `input` on standard input. */
  readonly run = async (args: string[], input?: string | Buffer, script = 'dist/portero.js'): Promise<Ended> => {
    const { PATH, HOME } = process.env as { PATH: string; HOME: string };
    const env = { PATH, HOME, ENV_FILE: 'none', PORTERO_SECRET: SECRET, RATE_LIMIT: 'off', ...this.database.env };
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    // A command that fails early does not read what it is given.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    secrets.addEncoded(SECRET);
    for (const [, secret] of stdout.matchAll(/client_secret\W+([\w-]{40,})/g)) secrets.add(secret as string);
    collectLog(`the errors of portero ${args[0]} ${args[1]}`, stderr);
    return { code, stdout, stderr };
  };

  /** Looks into its database, which must be on a PostgreSQL server. */
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

  /** A file in the folder. */
  readonly file = (name: string, content: string | Buffer): string => {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  };

  /** How many users are on each format. */
  readonly hashes = async (): Promise<Record<string, number>> => {
    const { stdout } = await this.run(['users', 'hashes', '--json']);
    return JSON.parse(stdout).hashes;
  };
}

/** The end of a command in short. */
export const summary = ({ code, stdout, stderr }: Ended) => ({ code, last: stdout.trim().split('\n').at(-1), stderr });
