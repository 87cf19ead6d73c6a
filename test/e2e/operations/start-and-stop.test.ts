import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { describeOnEmbedded } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

const SECRET = { PORTERO_SECRET: Buffer.alloc(32, 7).toString('base64url') };

describe.each<['SIGTERM' | 'SIGINT', string[]]>([
  ['SIGTERM', ['node', 'dist/main.js']],
  ['SIGINT', ['node', 'dist/main.js']],
  ['SIGTERM', ['npm', 'start', '--silent']],
  ['SIGINT', ['npm', 'start', '--silent']],
])('%s sent to %j', (signal, command) => {
  test('finishes the request in flight, exits 0 and leaves no process behind', async () => {
    const server = await ServerProcess.start(database.env, command);
    const { port } = new URL(server.client.url);
    const body = JSON.stringify({ username: 'in-flight', password: PASSWORD });
    const half = Math.floor(body.length / 2);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      `POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, half)}`,
    );
    await server.client.get('/health/ready');
    server.child.kill(signal);
    await waitFor(() => server.stdout.includes('finishing the requests'));
    socket.write(body.slice(half));
    await closed;
    expect(answer).toMatch(/^HTTP\/1.1 201 /);
    const { code, stderr } = await server.exit;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(fetch(`${server.client.url}/health/live`)).rejects.toThrow();

    const again = await ServerProcess.start(database.env);
    await again.client.logIn('in-flight');
    await again.kill('SIGTERM');
  });
});

test('connections that sent nothing, or half of the headers, do not delay the stop', async () => {
  const server = await ServerProcess.start(database.env);
  const port = Number(new URL(server.client.url).port);
  const sockets = ['', 'GET /health/live HTTP/1.1\r\nHo'].map((bytes) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    if (bytes) socket.write(bytes);
    return socket;
  });
  await server.client.get('/health/live');
  const began = performance.now();
  const { code } = await server.kill('SIGTERM');
  expect([code, performance.now() - began < 8000]).toEqual([0, true]);
  for (const socket of sockets) socket.destroy();
});

test('LOG_LEVEL omits lines below that level', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  await new Promise((resolve) => other.close(resolve));
  const server = ServerProcess.spawn({ ...SECRET, ...database.env, PORT: String(port), LOG_LEVEL: 'warn' });
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 50));
  const { stdout } = await server.kill('SIGTERM');
  const levels = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).level);
  expect(new Set(levels)).toEqual(new Set(['warn']));
});

describeOnEmbedded('the data folder', () => {
  test('makes a second process exit with code 1 and one clear line, without any damage', async () => {
    const first = await ServerProcess.start(database.env);
    await first.client.signUp('ana');
    const second = ServerProcess.spawn({ ...database.env, ...SECRET });
    const { code, stdout, stderr } = await second.exit;
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
    expect(stderr).toMatch(/^portero: .* is in use by another Portero process/);
    await first.client.logIn('ana');
    await first.kill('SIGTERM');
  });

  test('can be used again after a kill -9', async () => {
    for (let round = 0; round < 3; round++) {
      const server = await ServerProcess.start(database.env);
      await server.kill('SIGKILL');
    }
    const last = await ServerProcess.start(database.env);
    await last.kill('SIGTERM');
    expect(readdirSync(database.env.DATA_DIR as string).filter((name) => name.startsWith('lock-'))).toEqual([]);
  });

  test('serves one of ten processes that start together after a kill -9, and rejects nine', async () => {
    await (await ServerProcess.start(database.env)).kill('SIGKILL');
    const env = { ...database.env, ...SECRET };
    const starting = Array.from({ length: 10 }, () => ServerProcess.spawn(env));
    const outcomes = await Promise.allSettled(starting.map((server) => server.listening()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = starting.filter(({ child }) => child.exitCode !== null).map(({ child }) => child.exitCode);
    expect(codes).toEqual(Array(9).fill(1));
    await Promise.all(starting.map((server) => server.kill('SIGTERM')));
  });

  test('may have a path longer than a socket path may be', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'portero-long-')), 'x'.repeat(100), 'y'.repeat(100));
    const first = await ServerProcess.start({ DATA_DIR: folder });
    const second = ServerProcess.spawn({ DATA_DIR: folder, ...SECRET });
    expect((await second.exit).stderr).toMatch(/in use/);
    await first.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  });

  test('gets a random secret that only its owner can read, and keeps it [ASVS 13.3.2]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portero-secret-'));
    const env = { DATA_DIR: join(folder, 'data') };
    let server = ServerProcess.spawn(env);
    await server.listening();
    await server.client.signUp('ana');
    expect(statSync(join(env.DATA_DIR, 'secret')).mode & 0o777).toBe(0o600);
    await server.kill('SIGTERM');
    server = ServerProcess.spawn(env);
    await server.listening();
    await server.client.logIn('ana');
    await server.kill('SIGTERM');
    rmSync(folder, { recursive: true });
  });

  test('is left unchanged if its secret is lost, and the start reports that', async () => {
    await (await ServerProcess.start(database.env)).kill('SIGTERM');
    const { code, stderr } = await ServerProcess.spawn(database.env).exit;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^portero: .*secret is missing, [^\n]*\n$/)]);
    expect(readdirSync(database.env.DATA_DIR as string)).toEqual(['postgres']);
  });

  test('is accessible only to its owner, also if it was created with open permissions', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portero-mode-'));
    chmodSync(folder, 0o777);
    const server = ServerProcess.spawn({ DATA_DIR: folder });
    await server.listening();
    await server.kill('SIGTERM');
    expect(statSync(join(folder, 'postgres')).mode & 0o777).toBe(0o700);
    chmodSync(join(folder, 'secret'), 0o644);
    const { code, stderr } = await ServerProcess.spawn({ DATA_DIR: folder }).exit;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^portero: .*secret must belong to the user .*\(mode 0600\)\n$/),
    ]);
    rmSync(folder, { recursive: true });
  });

  test('prints where it listens, where the data is, and the setting for PostgreSQL', async () => {
    const server = await ServerProcess.start(database.env);
    const { stdout } = await server.kill('SIGTERM');
    expect(stdout).toMatch(/Portero listens on http:\/\/127\.0\.0\.1:\d+/);
    expect(stdout).toMatch(/Swagger UI: http:\/\/127\.0\.0\.1:\d+\/docs/);
    expect(stdout).toContain(`the embedded database in ${database.env.DATA_DIR}`);
    expect(stdout).toMatch(/serves one process/);
    expect(stdout).toMatch(/set DATABASE_URL=/);
  });
});

describe('a refused start reports the reason in one line and exits with 1', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a wrong setting',
      { PORT: 'http' },
      /^portero: PORT must be a whole number from 0 to 65535 \(for example PORT=3000\)$/,
    ],
    [
      'an unreachable database',
      { DATABASE_URL: 'postgres://u@127.0.0.1:9/x', PUBLIC_URL: 'http://x' },
      /^portero: DATABASE_URL can't be reached: .*ECONNREFUSED/,
    ],
    [
      'another secret than before',
      { PORTERO_SECRET: Buffer.alloc(32, 9).toString('base64url') },
      /^portero: PORTERO_SECRET .* is not the secret that sealed/,
    ],
    [
      'an address that is not here',
      { HOST: '192.0.2.1' },
      /^portero: HOST=192\.0\.2\.1 is not an address of this machine/,
    ],
    [
      'a host that is not known',
      { HOST: 'nosuch.invalid' },
      /^portero: the host nosuch\.invalid \(in HOST or DATABASE_URL\) can't be found/,
    ],
  ])('%s', async (_, env, line) => {
    await (await ServerProcess.start(database.env)).kill('SIGTERM');
    const { code, stderr } = await ServerProcess.spawn({ ...SECRET, ...database.env, ...env }).exit;
    expect(code).toBe(1);
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await ServerProcess.spawn({ ...SECRET, ...database.env, PORT: String(port) }).exit;
    expect([code, stderr]).toEqual([
      1,
      `portero: 127.0.0.1:${port} is in use by another process; set PORT to a free port\n`,
    ]);
    other.close();
  });

  test('a secret that is a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portero-file-'));
    mkdirSync(join(folder, 'secret'));
    const { code, stderr } = await ServerProcess.spawn({ DATA_DIR: folder }).exit;
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
    rmSync(folder, { recursive: true });
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
