import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a command succeeds, which says whether a program is installed. */
export function succeeds(file: string, ...args: string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const START_MS = 30_000;

/** A server of another project in a process of its own. */
export class OtherProgram {
  static readonly #running = new Set<OtherProgram>();
  #output = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
    OtherProgram.#running.add(this);
  }

  /** Starts it and waits until its port accepts connections. */
  static async start(
    [file = '', ...args]: string[],
    { port, cwd, env = {} }: { port: number; cwd: string; env?: Record<string, string> },
  ): Promise<OtherProgram> {
    const { PATH, HOME } = process.env as { PATH: string; HOME: string };
    const child = spawn(file, args, { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const program = new OtherProgram(child);
    child.on('error', (error) => {
      program.#output += String(error);
    });
    for (let waited = 0; !(await accepts(port)); waited += 50) {
      if (child.exitCode !== null || waited > START_MS) throw new Error(`${file} does not listen: ${program.#output}`);
      await sleep(50);
    }
    return program;
  }

  async stop(): Promise<void> {
    OtherProgram.#running.delete(this);
    if (this.child.exitCode !== null || !this.child.kill('SIGTERM')) return;
    await once(this.child, 'close');
  }

  /** Stops programs that a failed test left running. Call it in `afterEach`. */
  static async stopAll(): Promise<void> {
    await Promise.all([...OtherProgram.#running].map((program) => program.stop()));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
