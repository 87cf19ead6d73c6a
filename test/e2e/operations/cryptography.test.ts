import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { TestServer } from '../../support/server.js';

/** Records which functions of Node.js the server calls during a whole session of a user. */
const RECORDED = [
  'createHash',
  'createHmac',
  'createCipheriv',
  'createDecipheriv',
  'createSign',
  'sign',
  'verify',
] as const;

type Functions = Record<string, (...args: unknown[]) => unknown>;
const used: Record<string, Set<string>> = {};
const destinations = new Set<string>();
let comparisons = 0;
let randomCalls = 0;
const restore: (() => void)[] = [];

/** Replaces a function by one that reports its arguments, if our code or the signing library calls it. */
function watch(owner: object, name: string, report: (args: unknown[]) => void): void {
  const functions = owner as Functions;
  const original = functions[name] as (...args: unknown[]) => unknown;
  functions[name] = function watched(this: unknown, ...args: unknown[]) {
    const caller = new Error().stack?.split('\n')[2] ?? '';
    if (/\/src\/|\/jwa\//.test(caller) || owner !== crypto) report(args);
    return original.apply(this, args);
  };
  restore.push(() => {
    functions[name] = original;
  });
}

let server: TestServer;
beforeAll(async () => {
  // Without the cache, because a token that the server has issued itself is not verified again.
  server = await TestServer.start({ RATE_LIMIT: 'on', TOKEN_CACHE_SIZE: '0' });
  for (const name of RECORDED) {
    used[name] = new Set();
    watch(crypto, name, ([algorithm]) => used[name]?.add(String(algorithm)));
  }
  watch(crypto, 'timingSafeEqual', () => {
    comparisons += 1;
  });
  watch(Math, 'random', () => {
    if (/\/src\//.test(new Error().stack ?? '')) randomCalls += 1;
  });
  watch(net.Socket.prototype, 'connect', (args) => destinations.add(destinationOf(args)));
  syncBuiltinESMExports();
});
afterAll(async () => {
  for (const undo of restore) undo();
  syncBuiltinESMExports();
  await server.stop();
});

function destinationOf([first]: unknown[]): string {
  const [options] = (Array.isArray(first) ? first : [first]) as [{ host?: string; port?: number; path?: string }];
  return options.path ?? `${options.host ?? 'localhost'}:${options.port}`;
}

/** Register, log in by token and cookie, use both, refresh, change the password, log out. */
async function liveASession(name: string): Promise<void> {
  const { client } = server;
  const tokens = await client.signUp(name);
  const { headers } = await cookieSession(client, name);
  const { body: next } = await client.refresh(tokens.refresh_token);
  const statuses = [
    await client.get('/protected', { token: next.access_token }),
    await client.post('/protected', { headers }),
    await client.get('/.well-known/jwks.json'),
    await client.post('/users/me/password', {
      token: next.access_token,
      body: { current_password: PASSWORD, new_password: `${PASSWORD}, and new` },
    }),
    await client.post('/auth/logout', { token: next.access_token }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200, 204, 204]);
}

test('a whole session uses AES-256-GCM, SHA-256 and SHA-384 of node:crypto and no other cipher or digest [ASVS 11.2.1, 11.3.2, 11.4.1, 11.4.3]', async () => {
  await liveASession('ana');
  expect([...(used.createHmac as Set<string>)].sort()).toEqual(['sha256', 'sha384']);
  expect([...(used.createHash as Set<string>)]).toEqual(['sha256']);
  const ciphers = [...(used.createCipheriv as Set<string>), ...(used.createDecipheriv as Set<string>)];
  expect([...new Set(ciphers)]).toEqual(['aes-256-gcm']);
  const signatures = ['createSign', 'sign', 'verify'].flatMap((name) => [...(used[name] as Set<string>)]);
  expect(signatures.length).toBeGreaterThanOrEqual(2);
  for (const digest of signatures) expect(digest).toMatch(/^(RSA-)?SHA256$/i);
});

test('a whole session never uses Math.random [ASVS 11.5.1]', async () => {
  await liveASession('berta');
  expect(randomCalls).toBe(0);
});

test('refresh tokens and CSRF tokens are compared in constant time [ASVS 11.2.4]', async () => {
  const { client } = server;
  const tokens = await client.signUp('carla');
  const { headers } = await cookieSession(client, 'carla');
  const compared = async (work: () => Promise<unknown>) => {
    const before = comparisons;
    await work();
    return comparisons - before;
  };
  expect(await compared(() => client.refresh(tokens.refresh_token))).toBeGreaterThanOrEqual(1);
  expect(await compared(() => client.post('/protected', { headers }))).toBeGreaterThanOrEqual(1);
  expect(await compared(() => client.get('/health/live'))).toBe(0);
});

test('a whole session connects to the database and to nothing else [ASVS 13.2.4]', async () => {
  destinations.clear();
  await liveASession('dora');
  const { TEST_DATABASE_URL } = process.env;
  const database = TEST_DATABASE_URL === undefined ? [] : [new URL(TEST_DATABASE_URL).host];
  const own = new URL(server.client.url).host;
  expect([own, ...database]).toEqual(expect.arrayContaining([...destinations]));
});
