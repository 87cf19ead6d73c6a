import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { PASSWORD } from '../../support/client.js';
import { createDatabase } from '../../support/engine.js';
import { expectProblem } from '../../support/matchers.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** The shipped files, and TLS to other servers. Each title names the ASVS requirements that it proves. */
const SSL_REQUEST = '0000000804d2162f';
const folders: string[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await ServerProcess.killAll();
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'portero-test-'));
  folders.push(folder);
  const files = ['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-subj', '/CN=localhost', ...files], { stdio: 'ignore' });
  return { key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) };
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Accepts connections like PostgreSQL and responds to the TLS request. Records the plain text sent afterwards. */
async function pretendPostgres(answer: (socket: Socket, wish: string) => void): Promise<number> {
  return await listen(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => answer(socket, bytes.toString('hex')));
    }),
  );
}

const startOn = (port: number, sslmode: string) =>
  ServerProcess.spawn({
    DATABASE_URL: `postgres://portero:the-password@localhost:${port}/portero?sslmode=${sslmode}`,
    PORTERO_SECRET: randomBytes(32).toString('base64url'),
  }).exit;

test.each(['require', 'verify-full'])(
  'with sslmode=%s, sends nothing more to a database without TLS and refuses to start [ASVS 12.3.1]',
  async (sslmode) => {
    const heard: string[] = [];
    const port = await pretendPostgres((socket, wish) => {
      heard.push(wish);
      socket.on('data', (bytes) => heard.push(bytes.toString('latin1')));
      socket.write('N');
    });
    const { code, stderr } = await startOn(port, sslmode);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^portero: DATABASE_URL requires TLS/m);
    expect(stderr).not.toContain('the-password');
    expect(new Set(heard)).toEqual(new Set([SSL_REQUEST]));
  },
);

test.each(['require', 'verify-full'])(
  'with sslmode=%s, sends nothing to a database with a self-signed certificate [ASVS 12.3.2]',
  async (sslmode) => {
    const identity = selfSigned();
    const heard: string[] = [];
    const port = await pretendPostgres((socket) => {
      socket.write('S');
      const tls = new TLSSocket(socket, { isServer: true, ...identity });
      tls.on('error', () => {});
      tls.on('data', (bytes) => heard.push(bytes.toString('latin1')));
    });
    const { code, stderr } = await startOn(port, sslmode);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^portero: .*certificate/m)]);
    expect(heard).toEqual([]);
  },
);

test('sends nothing to a breach service with a self-signed certificate [ASVS 12.3.2]', async () => {
  let requests = 0;
  const port = await listen(
    createHttpsServer(selfSigned(), (_, response) => {
      requests += 1;
      response.end();
    }),
  );
  const server = await TestServer.start({
    HIBP_URL: `https://localhost:${port}/range/`,
    PASSWORD_BREACH_CHECK: 'hibp',
    PASSWORD_BREACH_ON_ERROR: 'refuse',
  });
  const answer = await server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
  await server.stop();
  expectProblem(answer, 503, 'unavailable');
  expect(requests).toBe(0);
});

test('the image contains only what runs: no history, no tests, no tools, no secrets [ASVS 13.3.1, 13.4.1, 15.2.3]', () => {
  const ignored = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  expect(ignored[0]).toBe('*');
  expect(ignored.slice(1).join(' ')).not.toMatch(/git|test|bench|data|env|docs/);
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const shipped = dockerfile.slice(dockerfile.lastIndexOf('FROM'));
  expect([...shipped.matchAll(/^COPY (.+)$/gm)].map(([, what]) => what)).toEqual([
    '--from=build /app/package.json ./',
    '--from=build /app/node_modules node_modules',
    '--from=build /app/dist dist',
  ]);
  expect(dockerfile).toMatch(/npm prune --omit=dev/);
  expect(shipped).toMatch(/^USER node$/m);
  expect(readdirSync('dist').filter((name) => /test|bench/.test(name))).toEqual([]);
  expect(`${dockerfile}${readFileSync('compose.yaml', 'utf8')}`).not.toMatch(
    /(SECRET|PASSWORD)[=:] *["']?[\w-]{8,}["']?$/m,
  );
});

test('compose.yaml passes every setting of .env, requires the two secrets, and keeps the address in the container', () => {
  const compose = readFileSync('compose.yaml', 'utf8');
  const [, service = ''] = /^ {2}portero:\n((?: {4}.*\n|\n)+)/m.exec(compose) ?? [];
  expect(service).toMatch(/^ {4}env_file:\n {6}- path: \.env\n {8}required: false$/m);
  for (const name of ['POSTGRES_PASSWORD', 'PORTERO_SECRET']) expect(service).toContain(`\${${name}:?`);
  // These override .env, which may be for a server outside of the container.
  for (const line of ['HOST: 0.0.0.0', 'PORT: 3000', 'DATABASE_URL: "postgres://']) expect(service).toContain(line);
});

test('no shipped file or source of the build contains a secret [ASVS 13.3.1]', async () => {
  const { stdout } = await promisify(execFile)('git', [
    'ls-files',
    'src',
    'scripts',
    'Dockerfile',
    'compose.yaml',
    'package.json',
    '.ci',
  ]);
  const files = stdout
    .trim()
    .split('\n')
    .filter((file) => !/\.(bin|txt)$/.test(file) && existsSync(file));
  expect(files.length).toBeGreaterThan(100);
  const secrets =
    /-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{20,}\.|\$2[aby]\$\d\d\$[./\w]{53}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}/;
  for (const file of files) expect([file, secrets.test(readFileSync(file, 'utf8'))]).toEqual([file, false]);
});

test('the SBOM lists every shipped package with its version [ASVS 15.1.2]', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'sbom'], { maxBuffer: 64 * 1024 * 1024 });
  const sbom = JSON.parse(stdout) as { bomFormat: string; components: { name: string; version: string }[] };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const named = new Map(sbom.components.map(({ name, version }) => [name, version]));
  for (const name of Object.keys(dependencies))
    expect([name, named.get(name)]).toEqual([name, expect.stringMatching(/^\d/)]);
});

test('the server writes only to standard output and its data folder [ASVS 16.2.3, 16.2.4]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portero-test-'));
  folders.push(folder);
  const database = await createDatabase();
  const main = join(process.cwd(), 'dist/main.js');
  const server = ServerProcess.spawn(
    { PORTERO_SECRET: Buffer.alloc(32, 7).toString('base64url'), HOME: folder, TMPDIR: folder, ...database.env },
    ['node', main],
    folder,
  );
  await server.listening();
  await server.client.signUp('ana');
  await server.client.get('/users/me', { token: 'x' });
  const { stdout, stderr } = await server.kill('SIGTERM');
  await database.drop();
  expect(readdirSync(folder)).toEqual([]);
  expect(stderr).toBe('');
  for (const line of stdout.trim().split('\n')) {
    expect(JSON.parse(line)).toMatchObject({
      level: expect.any(String),
      service: 'portero',
      time: expect.stringMatching(/Z$/),
    });
  }
});

test('error responses are the same in every environment: no setting reveals more to clients [ASVS 13.4.2]', async () => {
  const database = await createDatabase();
  const debug = { NODE_ENV: 'development', DEBUG: '*', LOG_LEVEL: 'trace', NODE_DEBUG: '' };
  const server = await ServerProcess.start({ ...database.env, ...debug });
  const answers = [
    await server.client.post('/auth/login', { body: '{' }),
    await server.client.get('/nothing'),
    await server.client.get('/%zz'),
    await server.client.post('/auth/login', { body: { username: {}, password: [] } }),
  ];
  for (const { status, text, headers } of answers) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(text).not.toMatch(/stack|node_modules|\.js:|at \S+ \(/);
  }
  await server.kill('SIGTERM');
  await database.drop();
});
