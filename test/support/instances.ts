import pg from 'pg';
import type { Client } from './client.js';
import { createDatabase, type TestDatabase } from './engine.js';
import { ServerProcess } from './process.js';
import { TcpProxy } from './tcp-proxy.js';

/** Two server processes on one PostgreSQL database. The second one connects through a proxy. */
export class TwoInstances {
  a!: ServerProcess;
  b!: ServerProcess;
  #users = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly proxy: TcpProxy,
    /** A connection of the test itself, to inspect the database. */
    readonly sql: pg.Client,
    readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<TwoInstances> {
    const database = await createDatabase();
    const url = database.env.DATABASE_URL as string;
    const sql = new pg.Client({ connectionString: url, application_name: 'test' });
    await sql.connect();
    const instances = new TwoInstances(database, await TcpProxy.start(url), sql, { RATE_LIMIT: 'off', ...settings });
    await Promise.all([instances.startA(), instances.startB()]);
    return instances;
  }

  async startA(): Promise<void> {
    this.a = await ServerProcess.start({ ...this.database.env, ...this.settings });
  }

  async startB(): Promise<void> {
    this.b = await ServerProcess.start({ ...this.database.env, ...this.settings, DATABASE_URL: this.proxy.url });
  }

  async stop(): Promise<void> {
    await ServerProcess.killAll();
    await this.proxy.stop();
    await this.sql.end();
    await this.database.drop();
  }

  /** A new user, logged in on A. */
  signUp(): Promise<Awaited<ReturnType<Client['signUp']>>> {
    return this.a.client.signUp(this.newName());
  }

  newName(): string {
    this.#users += 1;
    return `user-${this.#users}`;
  }
}

/** The status and code of a protected route for an access token. */
export async function verdict(client: Client, token: string): Promise<string> {
  const { status, body } = await client.get<{ code?: string }>('/protected', { token });
  return body.code === undefined ? String(status) : `${status} ${body.code}`;
}

/** Repeats a request until it has the expected result. @returns how long that took, in milliseconds */
export async function until(expected: string, ask: () => Promise<string>, withinMs: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    const tookMs = performance.now() - began;
    if (answer === expected) return tookMs;
    if (tookMs > withinMs) throw new Error(`after ${Math.round(tookMs)} ms still ${answer}, not ${expected}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
