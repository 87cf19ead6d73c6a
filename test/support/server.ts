import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.setup.js';
import { type Config, loadConfig } from '../../src/config/config.js';
import { SigningKeys } from '../../src/tokens/keys/signing-keys.js';
import { Client } from './client.js';
import { createDatabase, type TestDatabase } from './engine.js';
import { collectLog } from './leaks.js';
import { MovableClock } from './movable-clock.js';
import { secrets } from './secrets.js';

export const SECRET = Buffer.alloc(32, 7).toString('base64url');

const DEFAULTS = {
  PORT: '0',
  PUBLIC_URL: 'http://localhost:3000',
  PORTERO_SECRET: SECRET,
  BCRYPT_COST: '4',
  RATE_LIMIT: 'off',
};

/** A listening server with a separate database, in this process, with a clock that tests can move. */
export class TestServer {
  client!: Client;
  config!: Config;
  readonly clock = new MovableClock();
  /** The log lines, parsed. */
  readonly log: Record<string, unknown>[] = [];
  #app!: NestFastifyApplication;

  readonly #env: Record<string, string>;

  static readonly #open = new Set<TestServer>();

  private constructor(
    readonly database: TestDatabase,
    env: Record<string, string>,
  ) {
    this.#env = env;
  }

  /** @param settings environment variables in addition to those of the tests */
  static async start(settings: Record<string, string> = {}): Promise<TestServer> {
    const database = await createDatabase({ stayOpen: true });
    const server = new TestServer(database, { ...DEFAULTS, ...database.env, ...settings });
    secrets.addEncoded(SECRET);
    await server.#listen();
    return server;
  }

  /** Starts on a given database, which the caller drops. */
  static async on(database: TestDatabase, settings: Record<string, string> = {}): Promise<TestServer> {
    const server = new TestServer(
      { env: database.env, drop: async () => {} },
      { ...DEFAULTS, ...database.env, ...settings },
    );
    secrets.addEncoded(SECRET);
    await server.#listen();
    TestServer.#open.add(server);
    return server;
  }

  /** Stops servers that a failed test left running. Call it in `afterEach`. */
  static async stopAll(): Promise<void> {
    await Promise.all([...TestServer.#open].map((server) => server.stop()));
  }

  /** Stops and starts again with the same data, and with other settings if given. */
  async restart(settings: Record<string, string> = {}): Promise<void> {
    await this.#app.close();
    Object.assign(this.#env, settings);
    await this.#listen();
  }

  /** Fails if a secret of the suite is in the log or the database. */
  async stop(): Promise<void> {
    TestServer.#open.delete(this);
    const { privateKey } = this.get(SigningKeys).active;
    if (privateKey) secrets.addKey(privateKey);
    await this.#app.close();
    collectLog('the log', this.log.map((line) => JSON.stringify(line)).join('\n'));
    await this.database.drop();
  }

  /** The provider of an injection token, for tests of internals. */
  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.#app.get<T>(token);
  }

  async #listen(): Promise<void> {
    const logStream = { write: (line: string) => void this.log.push(JSON.parse(line)) };
    this.config = loadConfig(this.#env).config;
    this.#app = await createApp(this.config, { clock: this.clock, logStream });
    await this.#app.listen(0, '127.0.0.1');
    this.client = new Client(await this.#app.getUrl());
  }
}
