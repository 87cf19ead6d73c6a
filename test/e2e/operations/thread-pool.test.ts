import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { PASSWORD } from '../../support/client.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { testWhere } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { RangeServer } from '../../support/range-server.js';

/** Passwords are hashed on every core, and neither the event loop nor DNS and files wait for them. */
const RESERVE = 4;
let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

const onLinux = testWhere(process.platform === 'linux', 'reads /proc');
const start = (env: Record<string, string> = {}, command?: string[]) =>
  ServerProcess.start({ ...database.env, ...env }, command);

/** The nice values of the threads of a server, the event loop's first. */
function niceValues({ child: { pid } }: ServerProcess): number[] {
  const folder = `/proc/${pid}/task`;
  const values = readdirSync(folder).map((thread) => {
    const [, fields] = readFileSync(`${folder}/${thread}/stat`, 'utf8').split(/\) (?!.*\))/s) as [string, string];
    return Number(fields.split(' ')[16]);
  });
  return values;
}
const poolSize = (server: ServerProcess) => niceValues(server).filter((value) => value !== getPriority()).length;

onLinux(
  'the thread pool has room for all hashes and four threads more, at a lower priority than the event loop',
  async () => {
    const server = await start({ HASH_CONCURRENCY: '7' });
    expect(poolSize(server)).toBe(7 + RESERVE);
    expect(niceValues(server)[0]).toBe(getPriority());
  },
);

onLinux('by default, every core hashes', async () => {
  expect(poolSize(await start())).toBe(availableParallelism() + RESERVE);
});

const hasTaskset = (() => {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

testWhere(hasTaskset, 'needs taskset')('a core that the process may not use does not count', async () => {
  expect(poolSize(await start({}, ['taskset', '-c', '0', 'node', 'dist/main.js']))).toBe(1 + RESERVE);
});

onLinux('npm start sizes the pool too', async () => {
  expect(poolSize(await start({ HASH_CONCURRENCY: '9' }, ['node', 'scripts/start.cjs']))).toBe(9 + RESERVE);
});

onLinux("the operator's UV_THREADPOOL_SIZE is respected; a warning says when it is too small", async () => {
  const large = await start({ HASH_CONCURRENCY: '2', UV_THREADPOOL_SIZE: '15' });
  expect(poolSize(large)).toBe(15);
  expect(large.stdout).not.toContain('UV_THREADPOOL_SIZE');
  await large.kill('SIGTERM');
  const small = await start({ HASH_CONCURRENCY: '2', UV_THREADPOOL_SIZE: '5' });
  expect(poolSize(small)).toBe(5);
  for (let tries = 0; !small.stdout.includes('Data:') && tries < 100; tries++)
    await new Promise((r) => setTimeout(r, 20));
  expect(small.stdout).toContain('UV_THREADPOOL_SIZE=5 is too small for HASH_CONCURRENCY=2');
  expect(small.stdout).toContain('Use 6 or more');
});

test('a DNS lookup does not wait for hashes, also if they are as many as the usual pool has threads', async () => {
  const ranges = await RangeServer.start();
  ranges.list('a breached passphrase', 3);
  const hibp = { PASSWORD_BREACH_CHECK: 'hibp', HIBP_URL: ranges.url.replace('127.0.0.1', 'localhost') };
  const server = await start({ ...hibp, HASH_CONCURRENCY: '4', BCRYPT_COST: '14', HASH_QUEUE_TIMEOUT: '1m' });
  let ended = 0;
  const logins = Array.from({ length: 4 }, () =>
    server.client.post('/auth/login', { body: { username: 'nobody', password: PASSWORD } }).then(() => {
      ended += 1;
    }),
  );
  await new Promise((r) => setTimeout(r, 200));
  const answer = await server.client.post('/auth/register', {
    body: { username: 'somebody', password: 'a breached passphrase' },
  });
  expect([answer.status, ended]).toEqual([422, 0]);
  await Promise.all(logins);
  await ranges.stop();
});
