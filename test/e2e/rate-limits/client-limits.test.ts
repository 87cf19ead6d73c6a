import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ClientRegistry } from '../../../src/oauth/client-registry.js';
import { CookieSessions } from '../../../src/sessions/cookie-sessions.js';
import type { Answer } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { basic, Service } from '../../support/service.js';

/** The limits of introspection and revocation, which count authenticated clients, and of the JWK Set. */
let server: TestServer;
afterEach(async () => {
  jest.restoreAllMocks();
  await server?.stop();
});

const start = async (settings: Record<string, string> = {}) => {
  server = await TestServer.start({ RATE_LIMIT: 'on', ...settings });
  return await Service.register(server);
};
const expectTooMany = (answer: Answer) => expectProblem(answer, 429, 'too_many_requests');

/** The numbers of responses by status. */
async function countStatuses(times: number, call: () => Promise<{ status: number }>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let sent = 0; sent < times; sent += 50) {
    const batch = Math.min(50, times - sent);
    for (const { status } of await Promise.all(Array.from({ length: batch }, call)))
      counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}
const wrongSecret = (service: Service, path = '/oauth/introspect', body = 'token=x') =>
  service.post(path, body, { Authorization: basic(service.id, 'wrong') });

/** Sends introspections over open connections, with less work per request than fetch. */
function sender(service: Service): () => Promise<{ status: number }> {
  const agent = new Agent({ keepAlive: true });
  const form = {
    'Content-Type': 'application/x-www-form-urlencoded',
    Authorization: basic(service.id, service.secret),
  };
  return () =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, headers: form };
      const sent = request(`${server.client.url}/oauth/introspect`, options, (response) => {
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0 }));
      });
      sent.on('error', reject).end('token=x');
    });
}

/** Returns a function that tells how many checks of a secret, except of `other`, ran at the same time at most. */
function countConcurrentChecks(other?: string): () => number {
  let [running, most] = [0, 0];
  const { authenticate } = ClientRegistry.prototype;
  jest.spyOn(ClientRegistry.prototype, 'authenticate').mockImplementation(async function (
    this: ClientRegistry,
    ...given
  ) {
    if (given[1] === other) return await authenticate.apply(this, given);
    running += 1;
    most = Math.max(most, running);
    const client = await authenticate.apply(this, given).finally(() => sleep(1));
    running -= 1;
    return client;
  });
  return () => most;
}

test('one client may introspect 5,000 tokens within a minute from one address', async () => {
  const service = await start({ LOG_LEVEL: 'warn' });
  server.clock.stop();
  expect(await countStatuses(5000, sender(service))).toEqual({ 200: 5000 });
  // Nothing of it is counted by address.
  expect((await server.client.get('/health/live')).status).toBe(200);
});

test('the first 1,200 requests with a wrong secret are 401, and the others 429, while the right secret still passes [attack: limiter evasion]', async () => {
  const service = await start();
  server.clock.stop();
  expect(await countStatuses(1201, () => wrongSecret(service))).toEqual({ 401: 1200, 429: 1 });
  const refused = await wrongSecret(service, '/oauth/revoke');
  expectTooMany(refused);
  expect(refused.headers.get('retry-after')).toBe('60');
  expect(refused.headers.get('ratelimit-policy')).toBe('"requests";q=1200;w=60');
  expectTooMany(await server.client.get('/health/live'));
  expect((await service.introspect('x')).status).toBe(200);
  expect((await service.revoke('x')).status).toBe(200);
});

test('a flood of wrong secrets over the limit is checked two at a time, and does not delay a client that was valid before [attack: limiter evasion]', async () => {
  const service = await start({ LIMIT_REQUESTS: '10/1m' });
  const late = await Service.register(server);
  await service.introspect('x');
  await countStatuses(10, () => wrongSecret(service));
  const most = countConcurrentChecks(service.secret);
  const flood = Array.from({ length: 400 }, () => wrongSecret(service));
  expect((await service.introspect('x')).status).toBe(200);
  expect((await late.introspect('x')).status).toBe(200);
  expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([429]));
  expect(most()).toBe(2);
});

test('a header that came with a valid cookie is not taken for a valid one, and its flood is checked two at a time [attack: limiter evasion]', async () => {
  const service = await start({ LIMIT_REQUESTS: '10/1m' });
  await server.client.signUp('ana');
  const { headers } = await cookieSession(server.client, 'ana');
  const forged = { Authorization: basic(service.id, 'wrong') };
  expect((await server.client.get('/auth/verify', { headers: { ...headers, ...forged } })).status).toBe(200);
  await countStatuses(20, () => wrongSecret(service));
  const most = countConcurrentChecks();
  expect(await countStatuses(50, () => wrongSecret(service))).toEqual({ 429: 50 });
  expect(most()).toBe(2);
});

test('a flood of cookies over the limit does not delay a session that was valid before [attack: limiter evasion]', async () => {
  await start({ LIMIT_REQUESTS: '10/1m' });
  await server.client.signUp('ana');
  const session = await cookieSession(server.client, 'ana');
  const verify = (headers: Record<string, string>) => server.client.get('/auth/verify', { headers });
  const forged = () => verify({ Cookie: 'portero=forged' });
  expect((await verify(session.headers)).status).toBe(200);
  await countStatuses(20, forged);
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { verify: check } = CookieSessions.prototype;
  jest.spyOn(CookieSessions.prototype, 'verify').mockImplementation(async function (this: CookieSessions, value) {
    if (value === 'forged') await finished;
    return await check.call(this, value);
  });
  const flood = Array.from({ length: 5 }, forged);
  expect((await verify(session.headers)).status).toBe(200);
  // Other cookies beside it do not matter.
  expect((await verify({ Cookie: `theme=dark; ${session.headers.Cookie}` })).status).toBe(200);
  finish();
  for (const answer of await Promise.all(flood)) expectTooMany(answer);
});

test('a flood of a revoked client over the limit is checked two at a time [attack: limiter evasion]', async () => {
  const service = await start({ LIMIT_REQUESTS: '10/1m' });
  expect((await service.introspect('x')).status).toBe(200);
  await new ClientRegistry(server.get(DataSource).manager, server.clock).revoke(service.id);
  await countStatuses(20, () => service.introspect('x'));
  const most = countConcurrentChecks();
  expect(await countStatuses(50, () => service.introspect('x'))).toEqual({ 429: 50 });
  expect(most()).toBe(2);
});

test('a forged header does not evade the limit of the address by a body that nobody can read [attack: limiter evasion]', async () => {
  const service = await start({ LIMIT_REQUESTS: '3/1m' });
  await countStatuses(4, () => wrongSecret(service));
  for (const body of ['token=x&token=y', 'token=%ff'.repeat(4000), 'token=x\xff'])
    expectTooMany(await wrongSecret(service, '/oauth/revoke', body));
  expectTooMany(await service.post('/oauth/introspect', '{', { 'Content-Type': 'application/json' }));
  expect((await service.post('/oauth/introspect', 'a=b')).status).toBe(400);
});

test('requests without credentials and malformed forms count by address', async () => {
  const service = await start({ LIMIT_REQUESTS: '4/1m' });
  expect((await server.client.post('/oauth/introspect', { body: {} })).status).toBe(415);
  expect((await service.post('/oauth/introspect', 'token=x&token=y')).status).toBe(400);
  const noCredentials = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'token=x' };
  expect((await server.client.post('/oauth/introspect', noCredentials)).body.code).toBe('invalid_client');
  expect((await wrongSecret(service, '/oauth/revoke')).body.code).toBe('invalid_client');
  expectTooMany(await server.client.post('/oauth/introspect', noCredentials));
  expectTooMany(await wrongSecret(service));
  // A form without a token comes from the client, so it counts for the client.
  expect((await service.post('/oauth/introspect', 'a=b')).status).toBe(400);
});

test('a client over its limit gets 429 with Retry-After, on both routes together, and other clients do not', async () => {
  const service = await start({ LIMIT_CLIENT_REQUESTS: '3/1m' });
  server.clock.stop();
  const first = await service.introspect('x');
  expect(first.headers.get('ratelimit')).toBe('"client_requests";r=2;t=60');
  expect(first.headers.get('ratelimit-policy')).toBe('"client_requests";q=3;w=60');
  await service.revoke('x');
  expect((await service.introspect('x')).status).toBe(200);
  for (const refused of [await service.introspect('x'), await service.revoke('x')]) {
    expectTooMany(refused);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(refused.headers.get('ratelimit')).toBe('"client_requests";r=0;t=60');
  }
  const [event] = await server
    .get(DataSource)
    .query(`SELECT actor, details FROM audit_events WHERE type = 'limit.hit' ORDER BY id LIMIT 1`);
  const details = { code: 'too_many_requests', limit: 'client_requests', client_id: service.id };
  expect(event).toEqual({ actor: 'client', details });
  expect((await (await Service.register(server)).introspect('x')).status).toBe(200);
  server.clock.advance(60_000);
  expect((await service.introspect('x')).status).toBe(200);
});

test('RATE_LIMIT=off disables the limit of clients', async () => {
  const service = await start({ RATE_LIMIT: 'off', LIMIT_CLIENT_REQUESTS: '1/1m', LIMIT_KEY_REQUESTS: '1/1m' });
  for (let n = 0; n < 3; n++) expect((await service.introspect('x')).headers.get('ratelimit')).toBeNull();
  for (let n = 0; n < 3; n++) expect((await server.client.get('/.well-known/jwks.json')).status).toBe(200);
});

test('the JWK Set has a limit of its own, which also counts 304 responses', async () => {
  await start({ LIMIT_REQUESTS: '1/1m', LIMIT_KEY_REQUESTS: '4/1m' });
  const get = (headers = {}) => server.client.get<{ code?: string }>('/.well-known/jwks.json', { headers });
  expect((await server.client.get('/health/live')).status).toBe(200);
  expectTooMany(await server.client.get('/health/live'));
  const { status, headers } = await get();
  expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
  const etag = headers.get('etag') as string;
  expect(etag).toMatch(/^"[\w-]{43}"$/);
  for (const known of [etag, `"other", W/${etag}`]) {
    const answer = await get({ 'If-None-Match': known });
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', etag]);
  }
  expect((await get({ 'If-None-Match': '"other"' })).status).toBe(200);
  const refused = await get();
  expectTooMany(refused);
  expect(refused.headers.get('ratelimit-policy')).toBe('"key_requests";q=4;w=60');
});
