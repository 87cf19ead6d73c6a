// Requests per second on a protected route, against bare node:http servers that verify each token, and a bare Fastify server
// that does not. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/protected.mjs
//
// ROUNDS and SECONDS may be set. Every server runs on CPU 0; this load generator runs on CPU 1.
import { execFileSync } from 'node:child_process';
import { createHmac, createSecretKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  ratio,
  report,
  requestBytes,
  rounds,
  settings,
  startProcess,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
execFileSync('taskset', ['-cp', '1', String(process.pid)]);

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signToken(header, claims) {
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature =
    header.alg === 'HS256'
      ? createHmac('sha256', createSecretKey(Buffer.alloc(32, 9)))
          .update(signed)
          .digest()
      : sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const get = (path, token) => requestBytes('GET', path, token ? { Authorization: `Bearer ${token}` } : {});

await withDatabase(async (databaseUrl) => {
  const kid = importKey(databaseUrl);
  const server = await startServer(databaseUrl, '0', { ACCESS_TOKEN_TTL: '1h' });
  const claims = () => {
    const iat = Math.floor(Date.now() / 1000);
    return {
      iss: 'http://localhost:3000',
      aud: 'http://localhost:3000',
      sub: randomUUID(),
      sid: randomUUID(),
      jti: randomUUID(),
      iat,
      exp: iat + 3600,
      auth_time: iat,
      amr: ['pwd'],
      client_id: 'portero',
      preferred_username: 'bench',
    };
  };
  const es256 = { alg: 'ES256', typ: 'at+jwt', kid };
  const hot = get('/protected', signToken(es256, claims()));
  const many = Array.from({ length: 10_000 }, () => get('/protected', signToken(es256, claims())));
  const fresh = [];
  const sign10s = () => {
    while (fresh.length < SECONDS * 12_000) fresh.push(get('/protected', signToken(es256, claims())));
  };
  const own = (await ownTokens(server.port, 10_000)).map((token) => get('/protected', token));
  const [none, hs, es, fastify] = await Promise.all(
    ['none', 'hs256', 'es256', 'fastify'].map((kind) => {
      const port = freePort();
      const env = { PATH: process.env.PATH, PUBLIC_KEY: publicKey.export({ format: 'pem', type: 'spki' }) };
      return startProcess(['bench/limits-of-node.mjs', kind, String(port)], port, '0', env);
    }),
  );
  const hsToken = get('/', signToken({ alg: 'HS256', typ: 'at+jwt', kid }, claims()));
  const esToken = get('/', signToken(es256, claims()));
  let turn = 0;
  const options = { seconds: SECONDS };
  const measurements = {
    'node:http, no check': () => throughput(none.port, () => hsToken, options),
    'Fastify, no check': () => throughput(fastify.port, () => hsToken, options),
    'node:http, HS256 on every request': () => throughput(hs.port, () => hsToken, options),
    'node:http, ES256 on every request': () => throughput(es.port, () => esToken, options),
    'Portero, public route': () => throughput(server.port, () => get0, options),
    'Portero, protected, hot token': () => throughput(server.port, () => hot, options),
    'Portero, protected, 10,000 tokens in turn': () =>
      throughput(server.port, () => many[turn++ % many.length], options),
    'Portero, protected, 10,000 tokens of this instance': () =>
      throughput(server.port, () => own[turn++ % own.length], options),
    'Portero, protected, every token new': () => {
      sign10s();
      return throughput(server.port, () => fresh.pop(), options);
    },
  };
  const get0 = get('/health/live');
  await rounds(1, measurements);
  const results = await rounds(ROUNDS, measurements);
  report(results);
  ratio(results, 'Portero, protected, hot token', 'Portero, public route');
  ratio(results, 'Portero, protected, hot token', 'node:http, HS256 on every request');
  ratio(results, 'Portero, protected, hot token', 'Fastify, no check');
  ratio(results, 'Portero, protected, 10,000 tokens in turn', 'Portero, protected, hot token');
  ratio(results, 'Portero, protected, 10,000 tokens of this instance', 'Portero, protected, hot token');
  ratio(results, 'Portero, protected, every token new', 'node:http, ES256 on every request');
  for (const one of [server, none, hs, es, fastify]) await one.stop();
});

/** Tokens that the server issues: of a few sessions, by refreshes. */
async function ownTokens(port, count) {
  const post = async (path, body) => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return await response.json();
  };
  const user = { username: 'bench', password: 'a long and uncommon passphrase' };
  await post('/register', user);
  const tokens = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      let { access_token, refresh_token } = await post('/login', user);
      while (tokens.length < count) {
        tokens.push(access_token);
        ({ access_token, refresh_token } = await post('/auth/refresh', { refresh_token }));
      }
    }),
  );
  return tokens.slice(0, count);
}

/** Gives the server a key whose private key is known here, so that this script can make many tokens. */
function importKey(databaseUrl) {
  const file = join(mkdtempSync(join(tmpdir(), 'portero-bench-')), 'key.pem');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const run = (...args) =>
    JSON.parse(execFileSync('node', ['dist/portero.js', 'keys', ...args, '--json'], { env: settings(databaseUrl, 0) }));
  return run('import', file).next;
}
