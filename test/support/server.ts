import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.setup.js';
import { type Config, loadConfig } from '../../src/config/config.js';
import { SigningKeys } from '../../src/tokens/keys/signing-keys.js';
import { Client } from './client.js';
import { createDatabase, type TestDatabase } from './engine.js';
import { collectLog } from './leaks.js';
import { MovableClock } from './movable-clock.js';
import { secrets } from './secrets.js';

const SECRET = Buffer.alloc(32, 7).toString('base64url');

/** A listening server with a database of its own, in this process, whose clock a test can move. */
export class TestServer {
  client!: Client;
  config!: Config;
  readonly clock = new MovableClock();
  /** The log lines, parsed. */
  readonly log: Record<string, unknown>[] = [];
  #app!: NestFastifyApplication;

  readonly #env: Record<string, string>;

  private constructor(
    readonly database: TestDatabase,
    env: Record<string, string>,
  ) {
    this.#env = env;
  }

  /** @param settings environment variables beside those of the tests */
  static async start(settings: Record<string, string> = {}): Promise<TestServer> {
    const database = await createDatabase();
    const server = new TestServer(database, {
      PORT: '0',
      PUBLIC_URL: 'http://localhost:3000',
      PORTERO_SECRET: SECRET,
      BCRYPT_COST: '4',
      RATE_LIMIT: 'off',
      ...database.env,
      ...settings,
    });
    secrets.addEncoded(SECRET);
    await server.#listen();
    return server;
  }

  /** Stops and starts again over the same data, with other settings where they are given. */
  async restart(settings: Record<string, string> = {}): Promise<void> {
    await this.#app.close();
    Object.assign(this.#env, settings);
    await this.#listen();
  }

  /** Fails where a secret of the suite is in the log or the database. */
  async stop(): Promise<void> {
    const { privateKey } = this.get(SigningKeys).active;
    if (privateKey) secrets.addKey(privateKey);
    await this.#app.close();
    collectLog('the log', this.log.map((line) => JSON.stringify(line)).join('\n'));
    await this.database.drop();
  }

  /** What the application holds under a token, to look behind the HTTP face. */
  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.#app.get<T>(token);
  }

  /** The server that logs now: Nest has one logger for the process. */
  static #logging: TestServer;

  async #listen(): Promise<void> {
    TestServer.#logging = this;
    const logStream = { write: (line: string) => void TestServer.#logging.log.push(JSON.parse(line)) };
    this.config = loadConfig(this.#env).config;
    this.#app = await createApp(this.config, { clock: this.clock, logStream });
    await this.#app.listen(0, '127.0.0.1');
    this.client = new Client(await this.#app.getUrl());
  }
}
