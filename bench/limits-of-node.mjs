// Bare node:http servers as a baseline: the cost of the same work without a framework.
//   node bench/limits-of-node.mjs none|hs256|es256|fastify PORT
//   DATABASE_URL=… node bench/limits-of-node.mjs refresh|revoke PORT
import { createHmac, createPublicKey, createSecretKey, timingSafeEqual, verify } from 'node:crypto';
import { createServer } from 'node:http';
import Fastify from 'fastify';
import pg from 'pg';

const [kind, port] = process.argv.slice(2);
const secret = createSecretKey(Buffer.alloc(32, 9));
const publicKey = process.env.PUBLIC_KEY && createPublicKey(process.env.PUBLIC_KEY);
const pool = process.env.DATABASE_URL && new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

pool?.on('error', () => {});

const CHECKS = {
  none: () => ({ preferred_username: 'bench' }),
  hs256: (signed, signature) =>
    timingSafeEqual(createHmac('sha256', secret).update(signed).digest(), Buffer.from(signature, 'base64url')),
  es256: (signed, signature) =>
    verify(
      'sha256',
      Buffer.from(signed),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    ),
};

async function answer(request) {
  if (kind === 'refresh') return await refresh(await body(request));
  if (kind === 'revoke') return await revoke(await body(request));
  if (kind === 'none') return { logged_in_as: 'bench' };
  const token = request.headers.authorization.slice(7);
  const dot = token.lastIndexOf('.');
  if (!CHECKS[kind](token.slice(0, dot), token.slice(dot + 1))) throw new Error('forged');
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  if (claims.exp <= Date.now() / 1000) throw new Error('expired');
  return { logged_in_as: claims.preferred_username };
}

/** One UPDATE … RETURNING and one HS256 signature. */
async function refresh({ id }) {
  const { rows } = await pool.query(
    'UPDATE bare_sessions SET generation = generation + 1, rotated_at = now() WHERE id = $1 RETURNING generation, user_id',
    [id],
  );
  const head = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = Buffer.from(JSON.stringify({ sub: rows[0].user_id, sid: id, iat: now, exp: now + 300 })).toString(
    'base64url',
  );
  const signature = createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url');
  return { access_token: `${head}.${claims}.${signature}`, generation: rows[0].generation };
}

/** One statement, like a logout. */
async function revoke({ id }) {
  await pool.query('UPDATE bare_sessions SET ended_at = now() WHERE id = $1', [id]);
  return {};
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

const withFastify = () => Fastify().get('/', async () => ({ logged_in_as: 'bench' }));

const server = createServer((request, response) => {
  answer(request).then(
    (value) => {
      const text = JSON.stringify(value);
      response
        .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
        .end(text);
    },
    (error) => response.writeHead(401, { 'Content-Length': 0 }).end(String(error).slice(0, 0)),
  );
});
await (kind === 'fastify' ? withFastify() : server).listen({ port: Number(port), host: '127.0.0.1' });
