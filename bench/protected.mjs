// Requests per second on a protected route, against bare node:http servers that verify each token, and a bare Fastify server
// that does not. Needs Linux (taskset), two CPUs and a PostgreSQL server:
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/protected.mjs
//
// ROUNDS and SECONDS may be set. Every server runs on CPU 0; PostgreSQL and this load generator run on CPU 1.
import { execFileSync } from 'node:child_process';
import { createHmac, createSecretKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CREDENTIALS,
  freePort,
  pin,
  post,
  ROUNDS,
  requestBytes,
  rounds,
  row,
  SECONDS,
  settings,
  startProcess,
  startServer,
  throughput,
  withDatabase,
} from './harness.mjs';

pin();

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
  const signFresh = () => {
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
  const health = get('/health/live');
  let turn = 0;
  const measurements = {
    none: () => throughput(none.port, () => hsToken),
    fastify: () => throughput(fastify.port, () => hsToken),
    hs256: () => throughput(hs.port, () => hsToken),
    es256: () => throughput(es.port, () => esToken),
    open: () => throughput(server.port, () => health),
    hot: () => throughput(server.port, () => hot),
    many: () => throughput(server.port, () => many[turn++ % many.length]),
    own: () => throughput(server.port, () => own[turn++ % own.length]),
    fresh: () => {
      signFresh();
      return throughput(server.port, () => fresh.pop());
    },
  };
  await rounds(1, measurements);
  const all = await rounds(ROUNDS, measurements);
  const print = (name, values, limits, goal) => row({ name, unit: '/s', values, limits, goal });
  print('protected, one token; limit: node:http, HS256', all.hot, all.hs256, '1.0');
  print('protected, one token; limit: Fastify, no check', all.hot, all.fastify);
  print('protected, one token; limit: public route', all.hot, all.open);
  print('protected, 10,000 tokens of the instance; limit: one token', all.own, all.hot, '0.9');
  print('protected, 10,000 tokens of others; limit: one token', all.many, all.hot);
  print('protected, every token new; limit: node:http, ES256', all.fresh, all.es256);
  print('bare Fastify, no check; limit: node:http, no check', all.fastify, all.none);
  for (const one of [server, none, hs, es, fastify]) await one.stop();
});

/** Tokens that the server has issued, by refreshing eight sessions. */
async function ownTokens(port, count) {
  await post(port, '/register', CREDENTIALS);
  const tokens = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      let { access_token, refresh_token } = await post(port, '/login', CREDENTIALS);
      while (tokens.length < count) {
        tokens.push(access_token);
        ({ access_token, refresh_token } = await post(port, '/auth/refresh', { refresh_token }));
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
