import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { ServerProcess } from '../../support/process.js';

/** A log collector that hangs does not affect clients (ASVS 16.4.3). */
const folder = mkdtempSync(join(tmpdir(), 'portero-log-'));
const pipe = join(folder, 'stdout');
const buffer = Buffer.alloc(65_536);
let database: TestDatabase;
let server: ServerProcess;
let reading: number;

beforeEach(async () => {
  database = await createDatabase();
  execFileSync('mkfifo', [pipe]);
  reading = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const env = { ...database.env, PORTERO_SECRET: Buffer.alloc(32, 7).toString('base64url') };
  server = ServerProcess.spawn(env, ['sh', '-c', 'exec node dist/main.js > "$0"', pipe]);
  while (!/listens on /.test(server.stdout) && server.child.exitCode === null) {
    server.stdout += readPipe();
    await sleep(20);
  }
  await server.listening();
});
afterEach(async () => {
  await ServerProcess.killAll();
  closeSync(reading);
  rmSync(pipe);
  await database.drop();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The current contents of the pipe. */
function readPipe(): string {
  let text = '';
  try {
    for (;;) text += buffer.toString('utf8', 0, readSync(reading, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    return text;
  }
}

/** A pipe holds 64 KiB, and each of these requests writes more than 200 bytes to it. */
const REQUESTS = 700;
const idOf = (n: number) => `request-${n}`.padEnd(60, '-');

async function askMany(): Promise<void> {
  for (let n = 0; n < REQUESTS; n++) {
    const { status } = await fetch(`${server.client.url}/health/live`, {
      headers: { 'X-Request-Id': idOf(n) },
      signal: AbortSignal.timeout(10_000),
    });
    expect([n, status]).toEqual([n, 200]);
  }
}

test('the server responds to requests and stops on a signal while no process reads standard output', async () => {
  await askMany();
  const { code } = await server.kill('SIGTERM');
  expect(code).toBe(0);
});

test('a reader that resumes gets every line complete and in order', async () => {
  await askMany();
  let text = '';
  const deadline = Date.now() + 30_000;
  while (!text.includes(idOf(REQUESTS - 1)) && Date.now() < deadline) {
    text += readPipe();
    await sleep(10);
  }
  const lines = text.split('\n').filter((line) => line !== '');
  const ids = lines.map((line) => (JSON.parse(line) as { request_id?: string }).request_id);
  expect(ids.filter((id) => id?.startsWith('request-'))).toEqual(Array.from({ length: REQUESTS }, (_, n) => idOf(n)));
});
