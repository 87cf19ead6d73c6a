import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TcpProxy } from './proxy.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SKEWED_CLOCK = new URL('./skewed-clock.mjs', import.meta.url).href;
const SECRET = Buffer.alloc(32, 9).toString('base64url');

/** A Portero process: clients reach it through one proxy, and it reaches the database through another. */
export class Instance {
  #port = 0;

  /** How far its wall clock is ahead of the database's, from the next start on. */
  skewMs = 0;

  constructor(name, database) {
    this.name = name;
    this.toDatabase = new TcpProxy(() => database.port);
    this.toServer = new TcpProxy(() => this.#port);
  }

  async start() {
    await Promise.all([this.toDatabase.listen(), this.toServer.listen()]);
    await this.boot();
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.toServer.port}`;
  }

  /** Starts the process, and retries while the database rejects it. */
  async boot() {
    for (;;) {
      this.child = spawn(process.execPath, ['--import', SKEWED_CLOCK, MAIN], {
        env: {
          PATH: process.env.PATH,
          ENV_FILE: 'none',
          CLOCK_SKEW_MS: String(this.skewMs),
          PORT: '0',
          PUBLIC_URL: 'http://localhost:3000',
          DATABASE_URL: `postgres://postgres@127.0.0.1:${this.toDatabase.port}/portero`,
          PORTERO_SECRET: SECRET,
          BCRYPT_COST: '4',
          RATE_LIMIT: 'off',
          LOG_FORMAT: 'json',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (await this.#listens(this.child)) return;
      await sleep(500);
    }
  }

  async #listens(child) {
    let text = '';
    return await new Promise((resolve) => {
      child.once('exit', () => resolve(false));
      child.stdout.on('data', (chunk) => {
        // Read completely, so that a full pipe never blocks the server.
        if (text === undefined) return;
        text += chunk;
        const port = /listens on http:\/\/[^"\s]+:(\d+)/.exec(text)?.[1];
        if (port === undefined) return;
        text = undefined;
        this.#port = Number(port);
        resolve(true);
      });
    });
  }

  async kill(signal = 'SIGKILL') {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }

  async stop() {
    await this.kill('SIGTERM');
    this.toDatabase.close();
    this.toServer.close();
  }
}
