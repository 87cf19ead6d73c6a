import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { jest } from '@jest/globals';
import bcrypt from 'bcrypt';
import { DataSource } from 'typeorm';
import { ExtraWork } from '../../../src/passwords/extra-work.js';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { Schemes } from '../../../src/passwords/schemes.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** How stored hashes are verified, replaced, and kept from telling who has an account. */
let server: TestServer;
afterEach(() => server.stop());

const stored = async (username: string): Promise<string | null> => {
  const [row] = await server.get(DataSource).query('SELECT password_hash FROM users WHERE username = $1', [username]);
  return row.password_hash;
};
const store = async (username: string, hash: string | null) => {
  await server.get(DataSource).query('UPDATE users SET password_hash = $2 WHERE username = $1', [username, hash]);
};
const logIn = (username: string, password: string) => server.client.post('/login', { body: { username, password } });

test('a hash names its scheme, version, pepper and parameters, and never holds the password [ASVS 11.4.2]', async () => {
  server = await TestServer.start({ BCRYPT_COST: '5' });
  await server.client.signUp('ana');
  expect(await stored('ana')).toMatch(/^\$portero-bcrypt\$v=1,pepper=[0-9a-f]{8}\$2b\$05\$[./A-Za-z0-9]{53}$/);
});

test('equal work: every kind of login computes the current scheme once, and answers alike [ASVS 6.3.8] [attack: enumeration]', async () => {
  server = await TestServer.start({ BCRYPT_COST: '5' });
  const { client } = server;
  for (const name of ['current', 'older', 'foreign', 'broken', 'passwordless', 'disabled']) await client.signUp(name);
  await server.get(DataSource).query("UPDATE users SET disabled_at = now() WHERE username = 'disabled'");
  const [head = ''] = ((await stored('older')) as string).split('$2b$');
  await store('older', head + (await bcrypt.hash('whatever', 4)));
  await store('foreign', await bcrypt.hash(PASSWORD, 4));
  await store('broken', 'scrypt:1073741824:8:1$salt$00');
  await store('passwordless', null);
  const { bcrypt: scheme } = server.get(Schemes).byName;
  const hash = jest.spyOn(scheme, 'hash');
  const compare = jest.spyOn(scheme, 'compare');
  const current = (computed: string) => computed.includes('$05$');
  for (const name of ['current', 'older', 'foreign', 'broken', 'passwordless', 'disabled', 'unknown']) {
    for (const password of ['wrong and wrong again', 'x'.repeat(300)]) {
      hash.mockClear();
      compare.mockClear();
      const answer = await logIn(name, password);
      expectProblem(answer, 401, 'invalid_credentials');
      const compared = compare.mock.calls.filter(([, against]) => current(against)).length;
      expect([name, hash.mock.calls.length + compared]).toEqual([name, 1]);
    }
  }
  expectProblem(await logIn('disabled', PASSWORD), 401, 'invalid_credentials');
});

test('while imported hashes cost more, every failed login takes their time, whoever it names [ASVS 6.3.8] [attack: enumeration]', async () => {
  server = await TestServer.start();
  const names = ['native', 'older', 'imported', 'passwordless', 'disabled'];
  for (const name of names) await server.client.signUp(name);
  await server.get(DataSource).query("UPDATE users SET disabled_at = now() WHERE username = 'disabled'");
  const iterations = 400_000;
  const began = performance.now();
  const digest = pbkdf2Sync(PASSWORD, 'salt', iterations, 32, 'sha256').toString('base64');
  const costMs = performance.now() - began;
  const [head = ''] = ((await stored('older')) as string).split('$2b$');
  await store('older', head + (await bcrypt.hash('whatever', 5)));
  await store('imported', `pbkdf2_sha256$${iterations}$salt$${digest}`);
  await store('passwordless', null);
  const work = server.get(ExtraWork);
  await work.measure();
  const { mostMs } = work;
  expect(mostMs).toBeGreaterThan(costMs / 3);

  const timed = async (name: string, password: string) => {
    const start = performance.now();
    expectProblem(await logIn(name, password), 401, 'invalid_credentials');
    return performance.now() - start;
  };
  for (const name of [...names, 'unknown']) {
    // A millisecond less: timers round down.
    expect([name, (await timed(name, 'wrong and wrong again')) >= mostMs - 1]).toEqual([name, true]);
  }
  expect(await timed('disabled', PASSWORD)).toBeGreaterThanOrEqual(mostMs - 1);

  expect((await logIn('imported', PASSWORD)).status).toBe(200);
  await store('older', null);
  await work.measure();
  expect(work.mostMs).toBe(0);
});

test('the usual time of a failed login is alike for nobody, a native and an imported user [attack: enumeration]', async () => {
  server = await TestServer.start();
  for (const name of ['native', 'werkzeug', 'django']) await server.client.signUp(name);
  const work = server.get(ExtraWork);
  await work.measure();
  expect(work.mostMs).toBe(0);
  const failing = async (name: string) => {
    const began = performance.now();
    expectProblem(await logIn(name, 'not the password'), 401, 'invalid_credentials');
    return performance.now() - began;
  };
  const before: number[] = [];
  for (let round = 0; round < 5; round++) before.push(await failing('unknown'));

  const scrypt = scryptSync(PASSWORD, 'salt', 64, { N: 32_768, r: 8, p: 1, maxmem: 2 ** 26 });
  await store('werkzeug', `scrypt:32768:8:1$salt$${scrypt.toString('hex')}`);
  const pbkdf2 = pbkdf2Sync(PASSWORD, 'salt', 400_000, 32, 'sha256');
  await store('django', `pbkdf2_sha256$400000$salt$${pbkdf2.toString('base64')}`);

  /** How far apart the medians are, as a part of the wait. */
  const spread = async () => {
    await work.measure();
    const times = new Map<string, number[]>(['unknown', 'native', 'werkzeug', 'django'].map((name) => [name, []]));
    for (let round = 0; round < 5; round++) {
      for (const [name, taken] of times) taken.push(await failing(name));
    }
    const medians = [...times.values()].map((taken) => taken.sort((a, b) => a - b)[2] as number);
    return (Math.max(...medians) - Math.min(...medians)) / work.mostMs;
  };
  // A busy machine can spoil trials, but a difference in work shows in all of them.
  let least = 1;
  for (let trial = 0; trial < 10 && least > 0.2; trial++) least = Math.min(least, await spread());
  expect(least).toBeLessThanOrEqual(0.2);
  expect(Math.min(...before)).toBeLessThan(work.mostMs / 2);
  for (const name of ['werkzeug', 'django']) expect((await logIn(name, PASSWORD)).status).toBe(200);
});

test.each([
  ['Django', 'bcrypt_sha256$'],
  ['Flask-Security', '$flask-security$c2FsdA$'],
])('of imported hashes of one format, the costliest decides how long a failed login takes: %s', async (_, wrapper) => {
  server = await TestServer.start();
  const dear = wrapper + (await bcrypt.hash(PASSWORD, 10));
  for (const name of ['cheap', 'dear']) await server.client.signUp(name);
  await store('cheap', wrapper + (await bcrypt.hash(PASSWORD, 4)));
  await store('dear', dear);
  const costs: number[] = [];
  for (let run = 0; run < 3; run++) costs.push(await server.get(PasswordHasher).extraMsOf(dear));
  const work = server.get(ExtraWork);
  await work.measure();
  expect(work.mostMs).toBeGreaterThan(Math.min(...costs) / 3);
});

test('a foreign hash logs in and is replaced in the same request, at most once', async () => {
  server = await TestServer.start();
  await server.client.signUp('ana');
  await store('ana', await bcrypt.hash('the password from before', 4));
  const answers = await Promise.all(Array.from({ length: 5 }, () => logIn('ana', 'the password from before')));
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
  const own = await stored('ana');
  expect(own).toMatch(/^\$portero-bcrypt\$/);
  expectProblem(await logIn('ana', 'another password'), 401, 'invalid_credentials');
  await server.client.logIn('ana', 'the password from before');
  expect(await stored('ana')).toBe(own);
});

test('a hash of another cost or scheme is replaced at the next login, and not by a wrong password [ASVS 11.2.2, 11.4.2]', async () => {
  server = await TestServer.start({ BCRYPT_COST: '4' });
  await server.client.signUp('ana');
  const first = await stored('ana');
  await server.restart({ BCRYPT_COST: '5' });
  await logIn('ana', 'not the password');
  expect(await stored('ana')).toBe(first);
  await server.client.logIn('ana');
  expect(await stored('ana')).toMatch(/\$2b\$05\$/);
  await server.restart({ PASSWORD_HASH: 'argon2id' });
  await server.client.logIn('ana');
  expect(await stored('ana')).toMatch(/^\$portero-argon2id\$v=1,pepper=[0-9a-f]{8}\$argon2id\$v=19\$m=47104,t=1,p=1\$/);
  expectProblem(await logIn('ana', 'not the password'), 401, 'invalid_credentials');
  await server.restart({ PASSWORD_HASH: 'bcrypt' });
  await server.client.logIn('ana');
  expect(await stored('ana')).toMatch(/^\$portero-bcrypt\$/);
});

test.each([
  'scrypt:1073741824:8:1$salt$00',
  'pbkdf2:sha256:1000000000$salt$00',
  `pbkdf2_sha256$1000$${'s'.repeat(1_000_000)}$AAAA`,
  '$2b$31$abcdefghijklmnopqrstuuGbuUnaXI9wVmGTkE6gBzOUhQGzIBJUO',
  '$portero-bcrypt$v=1,pepper=00000000$2b$04$abcdefghijklmnopqrstuuGbuUnaXI9wVmGTkE6gBzOUhQGzIBJUO',
  'nonsense',
])('a hostile stored hash makes the login a plain 401 with a log line (%.40s)', async (hostile) => {
  server = await TestServer.start();
  await server.client.signUp('ana');
  await store('ana', hostile);
  expectProblem(await logIn('ana', PASSWORD), 401, 'invalid_credentials');
  const line = server.log.find(({ msg }) => msg === 'a stored password hash is unusable');
  expect(line).toMatchObject({ level: 'warn', user_id: expect.any(String), fault: expect.stringMatching(/\S/) });
  expect(JSON.stringify(server.log)).not.toContain(hostile.slice(-20));
});

test('while the queue is full a login is answered 503 busy with Retry-After, and nothing is lost after [ASVS 15.2.2]', async () => {
  server = await TestServer.start({ HASH_CONCURRENCY: '1', HASH_QUEUE_TIMEOUT: '100ms' });
  await server.client.signUp('ana');
  const { bcrypt: scheme } = server.get(Schemes).byName;
  const { compare } = scheme;
  const slow = jest.spyOn(scheme, 'compare').mockImplementation(async (...given) => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    return await compare(...given);
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => logIn('ana', PASSWORD)));
  const busy = answers.filter(({ status }) => status !== 200);
  expect(busy.length).toBeGreaterThanOrEqual(3);
  for (const answer of busy) expectProblem(answer, 503, 'busy');
  slow.mockRestore();
  await server.client.logIn('ana');
});
