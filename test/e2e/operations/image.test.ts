import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { Image } from '../../support/image.js';
import { collectLog } from '../../support/leaks.js';
import { ServerProcess } from '../../support/process.js';

/** The image runs from the files that the Dockerfile puts there, and nothing else. */
let folder: string;
let image: Image;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portero-image-'));
  image = Image.create(folder);
  database = await createDatabase();
});
afterEach(() => ServerProcess.killAll());
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const SECRET = Buffer.alloc(32, 7).toString('base64url');
const environment = () => ({
  ...image.env,
  PATH: image.path,
  HOME: join(image.root, 'nowhere'),
  PORTERO_SECRET: SECRET,
  BCRYPT_COST: '4',
  ...database.env,
});

/** What `docker compose exec portero …` runs. */
async function exec(line: string, input = ''): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const [file = '', ...args] = line.split(' ');
    const child = execFile(file, args, { cwd: image.app, env: environment() }, (error, stdout, stderr) => {
      collectLog(line, stderr);
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

test('the portero command is in the PATH of the image', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await exec('portero --version')).toEqual({ code: 0, output: `${version}\n` });
  expect((await exec('portero users create --help')).output).toMatch(/^Usage: portero users create/);
});

test('the image creates users, and its server serves them and is healthy', async () => {
  expect(await exec('portero users create ana', PASSWORD)).toEqual({ code: 0, output: 'created ana\n' });
  const [file = '', ...args] = image.command;
  const { env } = image;
  const settings = { ...environment(), HOST: '127.0.0.1', PORT: '0' };
  expect(env).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0' });
  const server = ServerProcess.spawn(settings, [file, ...args], image.app);
  await server.listening();
  await server.client.logIn('ana');
  expect((await server.client.get('/docs/', {})).status).toBe(200);
  const [, ...check] = image.healthCheck;
  const port = new URL(server.client.url).port;
  const healthy = await new Promise((resolve) => {
    execFile('node', check, { env: { ...environment(), PORT: port } }, (error) => resolve(error?.code ?? 0));
  });
  expect(healthy).toBe(0);
  const { code } = await server.kill('SIGTERM');
  expect(code).toBe(0);
});

test('argon2id and every imported hash format work in the image: no native module is missing', async () => {
  const rows = 'username,password_hash\neve,$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$K8p4kW9n1pJ0B3aGjC7F6w\n';
  expect((await exec('portero users import - --format csv', rows)).output).not.toMatch(/Cannot find|Error:/);
  const settings = { ...environment(), HOST: '127.0.0.1', PORT: '0', PASSWORD_HASH: 'argon2id' };
  const server = ServerProcess.spawn(settings, image.command, image.app);
  await server.listening();
  await server.client.signUp('zoe');
  await server.kill('SIGTERM');
});

test('the image has no sources, tests or development packages, and its data folder is private [ASVS 15.2.3]', () => {
  expect(readdirSync(image.app).sort()).toEqual(['dist', 'node_modules', 'package.json']);
  const installed = (name: string) => existsSync(join(image.app, 'node_modules', name, 'package.json'));
  expect(['fastify', 'pg', 'typescript', 'jest', 'esbuild', '@swc/core'].filter(installed)).toEqual(['fastify', 'pg']);
  expect(statSync(join(image.root, 'data')).mode & 0o777).toBe(0o700);
});
