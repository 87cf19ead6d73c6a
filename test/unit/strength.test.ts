import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { loadConfig } from '../../src/config/config.js';
import { Secret } from '../../src/config/secret.js';
import { Sealing } from '../../src/crypto/sealing.js';
import { RefreshTokenCodec } from '../../src/sessions/refresh-token.js';
import { SessionCookieCodec } from '../../src/sessions/session-cookie.js';
import { weakness } from '../../src/tokens/keys/weak-key.js';

const secret = Secret.parse(Buffer.alloc(32, 3).toString('base64url'));
const keys = { secret, secretPrevious: [] };

test('only ES256, RS256 and HS256 can be set as the signature algorithm [ASVS 11.4.3, 11.6.1]', () => {
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

test('refresh tokens, cookies, CSRF tokens and nonces have 128 unguessable bits or more, and never repeat [ASVS 7.2.3, 11.3.4, 11.5.1, 11.5.2]', () => {
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
