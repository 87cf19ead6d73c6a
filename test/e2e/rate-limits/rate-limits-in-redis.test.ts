import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { KeyedHash } from '../../../src/crypto/keyed-hash.js';
import { expectProblem } from '../../support/matchers.js';
import { testWhere } from '../../support/on-engine.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';
import { answers, TcpProxy } from '../../support/tcp-proxy.js';

/** `REDIS_URL`: counters that instances share, and attack row "fail open" when Redis fails. */
const REDIS_PORT = 6379;
const redisRuns = await answers(REDIS_PORT);
const testOnRedis = testWhere(redisRuns, `nothing listens on 127.0.0.1:${REDIS_PORT}`);

let server: TestServer;
let proxy: TcpProxy;
afterEach(async () => {
  await ServerProcess.killAll();
  await server?.stop();
  await proxy?.stop();
});

/** With a secret of its own, so that its keys in Redis are unique. */
async function start(settings: Record<string, string>): Promise<void> {
  proxy = await TcpProxy.start(`redis://127.0.0.1:${REDIS_PORT}`);
  server = await TestServer.start({
    RATE_LIMIT: 'on',
    PORTERO_SECRET: randomBytes(32).toString('base64url'),
    REDIS_URL: proxy.url,
    ...settings,
  });
  await until(async () => (await guess()).headers.get('ratelimit') !== null && !failing());
}

const guess = () => server.client.post('/register', { body: { username: 'ana', password: 'short' } });
const refresh = () => server.client.post('/refresh', { body: { refresh_token: 'no token' } });
const said = (text: RegExp) => server.log.filter(({ msg }) => text.test(String(msg))).length;
const failing = () => said(/counts in its own memory/) > said(/answers again/);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 100; n++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error('it never came to be');
}

testOnRedis('stores counters in Redis under keys that identify no user and that expire', async () => {
  await start({ LIMIT_REFRESHES: '3/1m' });
  for (let n = 0; n < 3; n++) expect((await refresh()).status).toBe(401);
  expectProblem(await refresh(), 429, 'too_many_requests');
  const client = createClient({ url: `redis://127.0.0.1:${REDIS_PORT}` });
  await client.connect();
  const key = `portero:refreshes:${server.get(KeyedHash).of('refreshes', '127.0.0.1').toString('base64url')}`;
  const [count, life] = [await client.get(key), await client.ttl(key)];
  client.destroy();
  expect([count, key.includes('127.0.0.1'), life > 0, life <= 60]).toEqual(['4', false, true, true]);
  await server.restart();
  await until(async () => (await refresh()).status === 429);
});

testOnRedis('each instance counts in memory while Redis is unavailable, and uses Redis again afterwards', async () => {
  await start({ LIMIT_REFRESHES: '4/1h' });
  for (let n = 0; n < 2; n++) await refresh();
  proxy.refuse();
  for (let n = 0; n < 4; n++) expect((await refresh()).status).toBe(401);
  expectProblem(await refresh(), 429, 'too_many_requests');
  expect(failing()).toBe(true);
  proxy.resume();
  await until(async () => {
    await guess();
    return !failing();
  });
  expect((await refresh()).headers.get('ratelimit')).toMatch(/^"refreshes";r=1;/);
});

test('the server starts and applies rate limits without Redis', async () => {
  server = await TestServer.start({ RATE_LIMIT: 'on', REDIS_URL: 'redis://127.0.0.1:1', LIMIT_REFRESHES: '2/1h' });
  for (let n = 0; n < 2; n++) expect((await refresh()).status).toBe(401);
  expectProblem(await refresh(), 429, 'too_many_requests');
});
