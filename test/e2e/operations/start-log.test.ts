import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { migrations } from '../../../src/database/migrations/index.js';
import { createDatabase } from '../../support/engine.js';
import { testWhere } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';

/** What a start prints: versions, warnings about `.env`, and why a DATA_DIR can't be used. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portero-start-'));
});
afterEach(async () => {
  await ServerProcess.killAll();
  rmSync(folder, { recursive: true, force: true });
});

const MAIN = [process.execPath, resolve('dist/main.js')];
const SECRET = Buffer.alloc(32, 7).toString('base64url');
const messages = ({ stdout }: ServerProcess) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ level, msg }) => `${level} ${msg}`);
/** The start writes its lines after it listens. */
async function logged(server: ServerProcess, text: string): Promise<string[]> {
  await server.listening();
  for (let tries = 0; !server.stdout.includes(text) && tries < 100; tries++)
    await new Promise((r) => setTimeout(r, 20));
  return messages(server);
}

test('the log begins with the version of the release and of the schema', async () => {
  const database = await createDatabase();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const server = ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...database.env });
  expect(await logged(server, 'Data: ')).toContain(
    `info Portero ${version} on Node.js ${process.versions.node}, with the schema ${migrations.at(-1)?.name}`,
  );
  expect(server.stdout).not.toContain('Migrations run');
  await server.kill('SIGTERM');
  await database.drop();
});

test('the log names the migrations that a start has run', async () => {
  const database = await createDatabase();
  const last = migrations.at(-1)?.name as string;
  const revert = ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...database.env }, [
    process.execPath,
    'dist/migrate.mjs',
    'revert',
  ]);
  expect((await revert.exit).stdout).toBe(`${last}\n`);
  const server = ServerProcess.spawn({ PORTERO_SECRET: SECRET, ...database.env });
  expect(await logged(server, 'Data: ')).toContain(`info Migrations run: ${last}`);
  await server.kill('SIGTERM');
  await database.drop();
});

test('warns about unknown names in .env, and not about those of Docker Compose', async () => {
  const database = await createDatabase();
  writeFileSync(
    join(folder, '.env'),
    'PASWORD_MIN_LENGTH=12\nPORTERO_SECERT=x\nSOMETHING_ELSE=1\nPOSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=x\nLOG_LEVEL=info\n',
  );
  const env = { PORTERO_SECRET: SECRET, ...database.env, ENV_FILE: '', UNKNOWN_OUTSIDE: 'x' };
  const server = ServerProcess.spawn(env, MAIN, folder);
  const warnings = (await logged(server, 'Data: ')).filter((line) => line.includes('is not a setting'));
  expect(warnings).toEqual([
    'warn PASWORD_MIN_LENGTH is not a setting of Portero and has no effect; did you mean PASSWORD_MIN_LENGTH?',
    'warn PORTERO_SECERT is not a setting of Portero and has no effect; did you mean PORTERO_SECRET?',
    'warn SOMETHING_ELSE is not a setting of Portero and has no effect; see docs/configuration.md',
  ]);
  await server.kill('SIGTERM');
  await database.drop();
});

const cases: [string, string, RegExp][] = [
  ['below a file', 'file/data', /\/file is not a folder\./],
  ['that is a file', 'file', /\/file is not a folder\./],
];

/** Both with a secret, which is otherwise the first thing written, and without one. */
describe.each([[{}], [{ PORTERO_SECRET: SECRET }]])('with %j', (secret) => {
  test.each(cases)('refuses a DATA_DIR %s in one line', async (_, path, reason) => {
    writeFileSync(join(folder, 'file'), '');
    const { code, stdout, stderr } = await ServerProcess.spawn({ DATA_DIR: join(folder, path), ...secret }).exit;
    expect({ code, stdout, lines: stderr.trim().split('\n') }).toEqual({
      code: 1,
      stdout: '',
      lines: [expect.stringMatching(/^portero: DATA_DIR=\S+ can't be used: .* Set DATA_DIR to a folder/)],
    });
    expect(stderr).toMatch(reason);
  });

  testWhere(process.platform === 'linux', 'needs /proc')(
    'refuses a DATA_DIR that the kernel does not let it create, and does not try forever',
    async () => {
      const { code, stderr } = await ServerProcess.spawn({ DATA_DIR: '/proc/x/y', ...secret }).exit;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^portero: DATA_DIR=\/proc\/x\/y can't be used: \/proc\/x can't be created: .*\n$/),
      ]);
    },
  );

  testWhere(process.getuid?.() !== 0, 'root may write everywhere')(
    'refuses a DATA_DIR without permission in one line',
    async () => {
      mkdirSync(join(folder, 'closed'), { mode: 0o500 });
      const { code, stderr } = await ServerProcess.spawn({ DATA_DIR: join(folder, 'closed/data'), ...secret }).exit;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/can't be created: this user has no permission\. .*\n$/),
      ]);
    },
  );
});

test('a start with a database that accepts connections and never responds says so in one line', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { code, stderr } = await ServerProcess.spawn({
    DATABASE_URL: `postgres://u@127.0.0.1:${port}/x`,
    PUBLIC_URL: 'http://x',
    PORTERO_SECRET: Buffer.alloc(32, 9).toString('base64url'),
  }).exit;
  expect([code, stderr]).toEqual([1, "portero: DATABASE_URL can't be reached: timeout expired\n"]);
  for (const socket of sockets) socket.destroy();
  silent.close();
});
