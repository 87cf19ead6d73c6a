import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.js';
import { Secret } from '../../src/config/secret.js';
import { Sealing } from '../../src/crypto/sealing.js';
import { RefreshTokenCodec } from '../../src/sessions/refresh-token.js';
import { SessionCookieCodec } from '../../src/sessions/session-cookie.js';
import { weakness } from '../../src/tokens/keys/weak-key.js';

/** What the source may use. Each name says which ASVS rows it proves. */
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }));
/** The files that match, as paths under src. */
const where = (pattern: RegExp) =>
  sources
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort();
const secret = Secret.parse(Buffer.alloc(32, 3).toString('base64url'));
const keys = { secret, secretPrevious: [] };

test('cryptography comes from node:crypto, bcrypt and argon2 alone [ASVS 11.2.1]', () => {
  const packages = new Set(
    sources.flatMap(({ text }) => [...text.matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name as string)),
  );
  const cryptographic = [...packages].filter((name) =>
    /crypt|hash|sha\d|md5|aes|rsa|jwt|jose|jws|argon|scrypt|hmac|cipher|nacl|sodium|forge|elliptic|noble|random/i.test(
      name,
    ),
  );
  // @nestjs/jwt and passport-jwt have jsonwebtoken below them, which calls node:crypto.
  expect(cryptographic.sort()).toEqual(['@nestjs/jwt', '@node-rs/argon2', 'bcrypt', 'node:crypto', 'passport-jwt']);
});

test('what is encrypted is so by AES-256-GCM; another cipher is in one foreign hash format alone [ASVS 11.3.2]', () => {
  const ciphers = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/create(?:Cipher|Decipher)iv\('([^']+)'/g)].map(([, cipher]) => `${path}: ${cipher}`),
  );
  expect([...new Set(ciphers)].sort()).toEqual([
    'crypto/sealing.ts: aes-256-gcm',
    'passwords/formats/firebase.ts: aes-256-ctr',
    'sessions/session-cookie.ts: aes-256-gcm',
  ]);
});

test('MD5 is nowhere; SHA-1 is in the breach protocol and in hashes that others made [ASVS 11.4.1]', () => {
  expect(where(/['"`]md5['"`]|'\$1\$'/i)).toEqual([]);
  const sha1 = where(/['"`]sha-?1['"`]/i);
  expect(sha1.filter((path) => !path.startsWith('passwords/formats/'))).toEqual(['passwords/breach-check.ts']);
});

test('signatures are by SHA-256 at the least, and no other algorithm can be set [ASVS 11.4.3, 11.6.1]', () => {
  const env = { PORTERO_SECRET: Buffer.alloc(32).toString('base64url') };
  for (const alg of ['ES256', 'RS256', 'HS256']) expect(loadConfig({ ...env, JWT_ALG: alg }).config.jwtAlg).toBe(alg);
  for (const alg of ['none', 'RS1', 'HS1', 'es256', 'RSA1_5', 'ES256K', 'MD5']) {
    expect(() => loadConfig({ ...env, JWT_ALG: alg })).toThrow(/JWT_ALG/);
  }
  expect(loadConfig(env).config.jwtAlg).toBe('ES256');
});

test('keys under 128 bits of security are refused [ASVS 11.2.3, 11.6.1] [attack: weak key]', () => {
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
  expect(weakness(createSecretKey(Buffer.alloc(31)), 'HS256')).toMatch(/31 bytes/);
  expect(weakness(createSecretKey(Buffer.alloc(32)), 'HS256')).toBeUndefined();
  expect(weakness(rsa(1024), 'RS256', { allowRsa2048: true })).toMatch(/1024 bits/);
  expect(weakness(rsa(2048), 'RS256')).toMatch(/2048 bits/);
  expect(weakness(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'ES256')).toMatch(/P-256/);
  expect(weakness(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'ES256')).toBeUndefined();
  expect(() => Secret.parse(Buffer.alloc(31).toString('base64url'))).toThrow(/32 bytes/);
});

test('chance comes from the system’s generator; the other one only spreads a wait [ASVS 11.5.1]', () => {
  expect(where(/Math\.random/)).toEqual(['database/embedded/data-dir-lock.ts']);
  expect(where(/pseudoRandomBytes|seedrandom|mersenne/i)).toEqual([]);
});

test('whatever opens something has 128 bits or more that nobody can guess, and no two are alike [ASVS 7.2.3, 11.3.4, 11.5.1, 11.5.2]', () => {
  const refresh = new RefreshTokenCodec(secret.derive('refresh-token'));
  const cookies = new SessionCookieCodec(keys);
  const sessionId = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';
  const token = refresh.encode({ sessionId, generation: 1 });
  // Of 53 bytes 32 are the MAC under a key of 32.
  expect(Buffer.from(token, 'base64url')).toHaveLength(53);
  expect(refresh.encode({ sessionId, generation: 2 })).not.toBe(token);
  expect(Buffer.from(cookies.csrfToken(sessionId), 'base64url').length).toBeGreaterThanOrEqual(16);
  const values = new Set(Array.from({ length: 200_000 }, () => cookies.encode(sessionId)));
  expect(values.size).toBe(200_000);
  for (const value of [...values].slice(0, 100))
    expect(Buffer.from(value, 'base64url').length).toBeGreaterThanOrEqual(44);
  const sealing = new Sealing(keys);
  const nonces = new Set(
    Array.from({ length: 200_000 }, () => sealing.seal(Buffer.from('x'), 'c').subarray(1, 13).toString('hex')),
  );
  expect(nonces.size).toBe(200_000);
});

test('secrets are compared in constant time: no === on a MAC, a hash or a token [ASVS 11.2.4]', () => {
  const compared = where(
    /(?:mac|digest|secret|hash|signature)\w*(?:\.\w+\([^)]*\))? ===? (?!undefined|null|'|"|`|typeof|\d)/i,
  );
  const reviewed: string[] = [];
  expect(compared.filter((path) => !reviewed.includes(path))).toEqual([]);
  expect(where(/timingSafeEqual/).length).toBeGreaterThanOrEqual(5);
});

test('three places call out: the database, Redis and the breach service, each by a setting [ASVS 13.2.4]', () => {
  expect(where(/\bfetch\(/)).toEqual(['passwords/breach-check.ts']);
  // Of the modules that can call out, only what can't: types, texts, and the server itself.
  const imported = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/import (?!type)([^;]*?) from '(?:node:)?(http2?|https|dgram|dns|tls)'/g)].flatMap(
      ([, names = '', module]) => names.split(/[{},]/).map((name) => [path, module, name.trim()].join(' ')),
    ),
  );
  expect(imported.filter((line) => !/ (type \w+)?$/.test(line)).sort()).toEqual([
    'http/node-server.ts http createServer',
    'http/unparsed-request.ts http STATUS_CODES',
  ]);
  // A lock in the data folder, which is a socket of this machine.
  expect(where(/import [^;]*\bconnect\b[^;]*from 'node:net'/)).toEqual(['database/embedded/data-dir-lock.ts']);
  expect(where(/from '(@redis\/client|ioredis)'/)).toEqual(['rate-limits/redis-connection.ts']);
});

test('SQL is never put together from what a caller sent: parameters alone carry values [ASVS 1.2.4]', () => {
  const queries = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\.query\(\s*`([^`]*)`/g)].map(([, sql]) => ({
      path,
      holes: [...(sql as string).matchAll(/\$\{([^}]+)\}/g)].map(([, hole]) => hole),
    })),
  );
  const holes = queries.flatMap(({ path, holes: found }) => found.map((hole) => `${path}: ${hole}`));
  expect(queries.length).toBeGreaterThan(10);
  // Constants of the module itself are in capital letters; what is tidied up is said by who owns the table.
  const constant = /: [A-Z_]+$|^database\/cleanup\.ts: (table|key|which)$/;
  expect(holes.filter((hole) => !constant.test(hole))).toEqual([]);
});
