import { DataSource } from 'typeorm';
import { LastSeen } from '../../../src/sessions/last-seen.js';
import { Browser } from '../../support/browser.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** How long cookie sessions live: SESSION_IDLE_TTL without a request, SESSION_TTL in any case (ASVS 7.3.1, 7.3.2). */
const MINUTE = 60_000;
const LEEWAY = 15_000;
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start({ SESSION_TTL: '2h' });
});
afterAll(() => server.stop());
afterEach(() => ServerProcess.killAll());

const signUp = () => Browser.signUp(server, `user-${++user}`);
const expectExpired = async (browser: Browser) =>
  expectProblem(await browser.get('/protected'), 401, 'session_expired');

interface Row {
  lastSeenAt: Date;
  version: string;
}
async function rowOf(browser: Browser): Promise<Row> {
  const { body } = await browser.get<{ sessions: { id: string; current: boolean }[] }>('/auth/sessions');
  const id = body.sessions.find(({ current }) => current)?.id;
  const sql = 'SELECT last_seen_at AS "lastSeenAt", xmin::text AS version FROM sessions WHERE id = $1';
  return (await server.get(DataSource).query(sql, [id]))[0];
}

test('a session without requests ends exactly after the idle timeout', async () => {
  const [used, unused] = [await signUp(), await signUp()];
  server.clock.advance(30 * MINUTE - LEEWAY);
  expect(await used.status()).toBe(200);
  server.clock.advance(LEEWAY);
  await expectExpired(unused);
  expect(await used.status()).toBe(200);
  server.clock.advance(30 * MINUTE);
  await expectExpired(used);
  await expectExpired(used);
});

test('a session in use continues until SESSION_TTL and no longer', async () => {
  const browser = await signUp();
  for (let minutes = 20; minutes < 120; minutes += 20) {
    server.clock.advance(20 * MINUTE);
    expect([minutes, await browser.status()]).toEqual([minutes, 200]);
  }
  server.clock.advance(20 * MINUTE - LEEWAY);
  expect(await browser.status()).toBe(200);
  // Recently seen, so read from memory. The expiry is checked there too.
  server.clock.advance(LEEWAY);
  await expectExpired(browser);
});

test('safe, unsafe and rejected requests with the cookie count as use; requests without it do not', async () => {
  const browser = await signUp();
  for (const use of [
    () => browser.get('/auth/csrf'),
    () => browser.post('/protected'),
    () => browser.post('/protected', { headers: { 'X-CSRF-Token': 'wrong' } }),
  ]) {
    server.clock.advance(20 * MINUTE);
    await use();
  }
  server.clock.advance(20 * MINUTE);
  await server.client.get('/protected');
  server.clock.advance(10 * MINUTE);
  await expectExpired(browser);
});

test('a restart keeps sessions and the time of their last request', async () => {
  const [used, unused] = [await signUp(), await signUp()];
  server.clock.advance(20 * MINUTE);
  expect(await used.status()).toBe(200);
  await server.restart();
  server.clock.advance(20 * MINUTE);
  expect(await used.status()).toBe(200);
  await expectExpired(unused);
  expect((await used.post('/protected')).status).toBe(200);
});

test('writes last_seen_at once per interval, and only for sessions that were used', async () => {
  const [used, unused] = [await signUp(), await signUp()];
  await server.get(LastSeen).write();
  const [before, idle] = [await rowOf(used), await rowOf(unused)];
  await server.get(LastSeen).write();
  server.clock.advance(5 * MINUTE);
  const seenFrom = server.clock.now();
  const first = await rowOf(used);
  for (let time = 0; time < 20; time++) await used.status();
  // Not before the interval has passed.
  expect((await rowOf(used)).version).toBe(first.version);
  await server.get(LastSeen).write();
  const after = await rowOf(used);
  expect(after.version).not.toBe(before.version);
  expect(after.lastSeenAt.getTime()).toBeGreaterThanOrEqual(seenFrom);
  expect((await rowOf(unused)).lastSeenAt.getTime()).toBeLessThan(seenFrom);
  expect(idle.lastSeenAt.getTime()).toBeLessThan(seenFrom);
});

test('the interval is a minute, or a quarter of the idle timeout if that is less', async () => {
  expect(server.get(LastSeen).intervalMs).toBe(MINUTE);
  await server.restart({ SESSION_IDLE_TTL: '2m' });
  expect(server.get(LastSeen).intervalMs).toBe(30_000);
  await server.restart({ SESSION_IDLE_TTL: '' });
});

test('use on another instance counts here, and use here counts on other instances', async () => {
  const browser = await signUp();
  server.clock.advance(20 * MINUTE);
  const seenElsewhere = new Date(server.clock.now());
  const { id } = (await browser.get<{ sessions: { id: string }[] }>('/auth/sessions')).body.sessions[0] as {
    id: string;
  };
  await server.get(LastSeen).write();
  server.clock.advance(29 * MINUTE);
  // Written as another instance would write it.
  await server
    .get(DataSource)
    .query('UPDATE sessions SET last_seen_at = $2 WHERE id = $1', [
      id,
      new Date(seenElsewhere.getTime() + 10 * MINUTE),
    ]);
  server.clock.advance(5 * MINUTE);
  expect(await browser.status()).toBe(200);
});

testOnPostgres(
  'use on one instance keeps a session active on another, and it ends on both',
  async () => {
    const env = { ...server.database.env, SESSION_IDLE_TTL: '8s' };
    const [one, two] = await Promise.all([ServerProcess.start(env), ServerProcess.start(env)]);
    const here = await Browser.signUp(one, `user-${++user}`);
    const there = new Browser(two);
    there.cookie = here.cookie;
    expect(await there.status()).toBe(200);
    await wait(6000);
    expect(await here.status()).toBe(200);
    await wait(5000);
    expect(await there.status()).toBe(200);
    await wait(9000);
    await expectExpired(here);
    await expectExpired(there);
  },
  60_000,
);

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
