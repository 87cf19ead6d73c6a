import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, PASSWORD } from '../../support/client.js';
import { administer, databaseUrl, isPostgres, SERVER } from '../../support/engine.js';
import { until, verdict } from '../../support/instances.js';
import { testWhere } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';

/** Instances that connect only through PgBouncer in transaction mode. Skipped if that is not installed. */
const isInstalled = isPostgres && canRun('pgbouncer');
const testBehindPooler = testWhere(isInstalled, 'PostgreSQL or pgbouncer is not there');

const NAME = `portero_pooled_${process.pid}`;
let folder: string;
let pooler: ChildProcess | undefined;
beforeEach(async () => {
  if (!isInstalled) return;
  folder = mkdtempSync(join(tmpdir(), 'portero-pooler-'));
  await administer(`CREATE DATABASE ${NAME}`);
});
afterEach(async () => {
  if (!isInstalled) return;
  await ServerProcess.killAll();
  if (pooler?.kill('SIGKILL')) await once(pooler, 'exit');
  await administer(`DROP DATABASE ${NAME} WITH (FORCE)`);
  rmSync(folder, { recursive: true });
});

/** @returns the settings of an instance that connects through it */
async function startPooler(more: string[] = []): Promise<Record<string, string>> {
  const { hostname, port, username, password } = new URL(SERVER as string);
  const credentials = `user=${username}${password ? ` password=${decodeURIComponent(password)}` : ''}`;
  const listenPort = await freePort();
  const lines = [
    '[databases]',
    `${NAME} = host=${hostname} port=${port || 5432} dbname=${NAME} ${credentials}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listenPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 4',
    ...more,
  ];
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, lines.join('\n'));
  // PgBouncer refuses to run as root.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  pooler = spawn('pgbouncer', [...user, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const { stderr } = pooler;
  await new Promise<void>((resolve) => stderr?.on('data', (chunk) => /process up/.test(String(chunk)) && resolve()));
  return { DATABASE_URL: `postgres://pooled@127.0.0.1:${listenPort}/${NAME}` };
}

testBehindPooler(
  'two instances start together, migrate, log in, and learn of revocations by polling',
  async () => {
    const env = { ...(await startPooler(['ignore_startup_parameters = statement_timeout'])), RATE_LIMIT: 'off' };
    const [pooled, other] = await Promise.all([ServerProcess.start(env), ServerProcess.start(env)]);
    const direct = await ServerProcess.start({ ...env, DATABASE_URL: databaseUrl(NAME) });
    await other.client.signUp('ana');
    for (const [from, to] of [
      [pooled, other],
      [direct, pooled],
      [pooled, direct],
    ] as const) {
      const tokens = await Promise.all(Array.from({ length: 20 }, () => from.client.logIn('ana')));
      const { access_token, refresh_token } = tokens[0] as (typeof tokens)[0];
      expect(await verdict(to.client, access_token)).toBe('200');
      expect((await from.client.post('/logout', { token: access_token })).status).toBe(204);
      expect(await until('401 token_revoked', () => verdict(to.client, access_token), 2000)).toBeLessThan(2000);
      expect((await to.client.refresh(refresh_token)).body.code).toBe('session_revoked');
    }
    const body = { username: 'ana', password: PASSWORD };
    expect((await new Client(pooled.client.url).post('/login', { body })).status).toBe(200);
  },
  60_000,
);

testBehindPooler(
  'refuses to start if the pooler does not pass statement_timeout on, and names the setting',
  async () => {
    const env = await startPooler();
    const { code, stderr } = await ServerProcess.spawn({
      ...env,
      PORTERO_SECRET: Buffer.alloc(32, 7).toString('base64url'),
    }).exit;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^portero: .*ignore_startup_parameters[^\n]*\n$/)]);
  },
);

function canRun(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
