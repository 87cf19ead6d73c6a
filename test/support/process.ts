import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isOpen, release } from '../runner/clusters.js';
import { Client } from './client.js';
import { collectLog } from './leaks.js';
import { secrets } from './secrets.js';

const SERVER = ['node', 'dist/main.js'];

const SECRET = Buffer.alloc(32, 7).toString('base64url');

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The built server in a separate process, which tests can kill and restart. */
export class ServerProcess {
  static readonly #running = new Set<ServerProcess>();
  stdout = '';
  stderr = '';
  client!: Client;
  readonly exit: Promise<Exit>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    ServerProcess.#running.add(this);
    this.exit = once(child, 'close').then(([code, signal]) => {
      ServerProcess.#running.delete(this);
      collectLog('the output of a server', this.stdout + this.stderr);
      return { code, signal, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Stops processes that a failed test left running. Call it in `afterEach`. */
  static async killAll(): Promise<void> {
    await Promise.all([...ServerProcess.#running].map((server) => server.kill('SIGKILL')));
  }

  /** Spawns it with only `env` as configuration; `command` replaces the server itself. */
  static spawn(env: Record<string, string>, command: string[] = SERVER, cwd = '.'): ServerProcess {
    if (env.DATA_DIR) {
      if (isOpen(env.DATA_DIR)) throw new Error('this process has the cluster open: await release(DATA_DIR) first');
      void release(env.DATA_DIR);
    }
    const [file, ...args] = command as [string, ...string[]];
    const { PATH, HOME } = process.env as { PATH: string; HOME: string };
    if (env.PORTERO_SECRET && env.PORTERO_SECRET.length >= 43) secrets.addEncoded(env.PORTERO_SECRET);
    const server = { PORT: '0', PUBLIC_URL: 'http://localhost:3000', RATE_LIMIT: 'off' };
    const base = { PATH, HOME, ENV_FILE: 'none', BCRYPT_COST: '4', LOG_FORMAT: 'json', ...server };
    return new ServerProcess(spawn(file, args, { cwd, env: { ...base, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Spawns it and waits until it listens. */
  static async start(env: Record<string, string>, command?: string[]): Promise<ServerProcess> {
    if (env.DATA_DIR) await release(env.DATA_DIR);
    const server = ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...env }, command);
    await server.listening();
    return server;
  }

  /** Waits until it listens. Rejects if it exits first. */
  async listening(): Promise<void> {
    while (this.child.exitCode === null && this.child.signalCode === null) {
      const found = /listens on (http:\/\/[^\s"]+)/.exec(this.stdout);
      if (found) {
        this.client = new Client(found[1] as string);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, signal, stderr } = await this.exit;
    throw new Error(`ended with ${code ?? signal}: ${stderr}`);
  }

  /**
   * Milliseconds of CPU time that the event loop has used so far (Linux). Unlike elapsed time, it does not count what
   * other processes, the hashing threads or the garbage collector's helpers do meanwhile.
   */
  loopMilliseconds(): number {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return await this.exit;
  }
}
