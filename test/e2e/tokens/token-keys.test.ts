import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, exportJWK, SignJWT } from 'jose';
import { DataSource, type Logger } from 'typeorm';
import { Forgery } from '../../support/forgery.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** A token never chooses the key that verifies it, and never causes a request by the server (ASVS 9.1.3). */
let server: TestServer;
let token: string;
let forgery: Forgery;
beforeAll(async () => {
  server = await TestServer.start();
  ({ access_token: token } = await server.client.signUp('ana'));
  forgery = new Forgery(server, token);
});
afterAll(() => server.stop());

const present = (candidate: string) => server.client.get('/protected', { token: candidate });
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The attacker's own server, which offers the attacker's keys. */
async function attackersServer(): Promise<{ url: string; server: Server; connections: () => number }> {
  let connections = 0;
  const jwk = { ...(await exportJWK(attacker.publicKey)), ...decodeProtectedHeader(token), use: 'sig' };
  const listening = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  listening.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/jwks.json`;
  return { url, server: listening, connections: () => connections };
}

test('ignores keys and key URLs in the header, and fetches nothing [attack: key choice]', async () => {
  const { url, server: listening, connections } = await attackersServer();
  const jwk = await exportJWK(attacker.publicKey);
  const genuine = decodeProtectedHeader(token);
  const members = [
    { jwk },
    { jku: url },
    { x5u: url },
    { x5c: [url] },
    { x5t: 'x' },
    { kid: url },
    { kid: url, jku: url },
  ];
  for (const member of members) {
    const header = { ...genuine, alg: 'ES256', ...member };
    const theirs = await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(attacker.privateKey);
    expectProblem(await present(theirs), 401, 'token_malformed');
    expectProblem(await present(forgery.forge(member, {})), 401, 'token_malformed');
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(connections()).toBe(0);
  await fetch(url).then((response) => response.text());
  expect(connections()).toBe(1);
  listening.closeAllConnections();
  listening.close();
});

/** Collects the statements of requests during the work. Those of the feed, which polls every second, are only counted. */
async function statementsDuring(work: () => Promise<void>): Promise<{ own: string[]; feed: number; seconds: number }> {
  const source = server.get(DataSource);
  const statements: string[] = [];
  const before = source.logger;
  const nothing = () => {};
  const logQuery = (query: string) => void statements.push(query);
  source.logger = {
    ...before,
    logQuery,
    logQueryError: nothing,
    logQuerySlow: nothing,
    log: nothing,
  } as unknown as Logger;
  const began = performance.now();
  await work();
  source.logger = before;
  const isFeed = (query: string) => /(FROM|JOIN) (signing_keys|revocations)\b/.test(query);
  return {
    own: statements.filter((query) => !isFeed(query) && !/^\s*UPDATE outbox\b/.test(query)),
    feed: statements.filter(isFeed).length,
    seconds: (performance.now() - began) / 1000,
  };
}

test('runs no statement for tokens with an unknown key [attack: key choice]', async () => {
  const forged = Array.from({ length: 500 }, (_, n) => forgery.forge({ kid: `unknown-${n}` }, {}));
  const { own, feed, seconds } = await statementsDuring(async () => {
    for (const one of forged) expect((await present(one)).status).toBe(401);
  });
  expect(own).toEqual([]);
  expect(feed).toBeLessThanOrEqual(4 * (seconds + 2));
});

test('runs no statement for a valid token, cached or not', async () => {
  const fresh = Array.from({ length: 100 }, (_, n) => forgery.forge({}, { jti: `fresh-${n}` }));
  const { own } = await statementsDuring(async () => {
    for (const one of [...fresh, ...fresh]) expect((await present(one)).status).toBe(200);
  });
  expect(own).toEqual([]);
});

test('the counter of these tests does see statements: a login runs some', async () => {
  const { own } = await statementsDuring(async () => {
    await server.client.logIn('ana');
  });
  expect(own.length).toBeGreaterThan(1);
});
