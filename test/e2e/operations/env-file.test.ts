import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createDatabase } from '../../support/engine.js';
import { ServerProcess } from '../../support/process.js';

/** Stands in for the operator's production database and counts connections. */
let production: Server;
let connections = 0;
let folder: string;
let url: string;

beforeAll(async () => {
  production = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(production, 'listening');
  url = `postgres://portero:secret@127.0.0.1:${(production.address() as AddressInfo).port}/production`;
  folder = mkdtempSync(join(tmpdir(), 'portero-poisoned-'));
  writeFileSync(join(folder, '.env'), `DATABASE_URL=${url}\nPORTERO_SECRET=${'A'.repeat(43)}\n`);
});

afterAll(async () => {
  production.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  connections = 0;
});

/** Runs one of the scripts in the folder with the misleading `.env`. */
async function run(args: string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
  const { PATH, HOME, TEST_DATABASE_URL } = process.env as Record<string, string>;
  const engine = TEST_DATABASE_URL === undefined ? {} : { TEST_DATABASE_URL };
  const child = spawn(process.execPath, args, { cwd: folder, env: { PATH, HOME, ...engine, ...env } as never });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

test('npm test does not connect to a database named by .env or DATABASE_URL', async () => {
  const arguments_ = ['--projects', resolve('.'), '--testPathPatterns', 'unit/identifier'];
  const { code, output } = await run([resolve('scripts/test.mjs'), ...arguments_], { DATABASE_URL: url });
  expect([code, connections, output]).toEqual([0, 0, expect.stringMatching(/Tests: .* passed/)]);
});

test('a server that a test starts does not read .env', async () => {
  const database = await createDatabase();
  const command = [process.execPath, resolve('dist/main.js')];
  const server = ServerProcess.spawn({ PORTERO_SECRET: 'B'.repeat(43), ...database.env }, command, folder);
  await server.listening();
  await server.kill('SIGTERM');
  expect(connections).toBe(0);
  await database.drop();
});

test('npm run migration:run prints the database, without the password, before it connects', async () => {
  const { code, output } = await run([resolve('scripts/migrate.mjs'), 'run'], {});
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^portero: migrations on PostgreSQL at 127\.0\.0\.1:\d+\/production\n/),
  ]);
  expect(output).not.toContain('secret@');
  expect(connections).toBeGreaterThan(0);
});
