import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import type { Answer } from '../../support/client.js';
import { keysOf, rotateKeys } from '../../support/keys.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The states of a signing key, on one server. */
const DAY = 86_400_000;
let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

interface Jwk extends JWK {
  kid: string;
}
const jwks = (headers: Record<string, string> = {}): Promise<Answer<{ keys: Jwk[] }>> =>
  server.client.get('/.well-known/jwks.json', { headers });
const published = async () => (await jwks()).body.keys.map(({ kid }) => kid).sort();
const states = async () => Object.fromEntries((await keysOf(server).list()).map(({ kid, status }) => [kid, status]));
const kidOf = (token: string) => decodeProtectedHeader(token).kid as string;
const present = (token: string) => server.client.get('/protected', { token });

/** Waits for background work of the server, which takes a second or two. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in 10 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('the first start creates an active and a next key, and publishes only their public keys', async () => {
  const { access_token } = await server.client.signUp('ana');
  const { headers, body } = await jwks();
  const text = expect.stringMatching(/^[\w-]{43}$/);
  const key = { kty: 'EC', crv: 'P-256', x: text, y: text, use: 'sig', alg: 'ES256', kid: text };
  expect(body).toEqual({ keys: [key, key] });
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  const byKid = await states();
  expect(Object.values(byKid).sort()).toEqual(['active', 'next']);
  expect(byKid[kidOf(access_token)]).toBe('active');
  for (const jwk of body.keys) expect(jwk.kid).toBe(await calculateJwkThumbprint(jwk, 'sha256'));
});

test('the JWK Set has an ETag: responds with 304 if it is unchanged, else with the set (RFC 9110 §13.1.2)', async () => {
  const { headers } = await jwks();
  const etag = headers.get('etag') as string;
  expect(etag).toMatch(/^"[\w-]{43}"$/);
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const answer = await jwks({ 'If-None-Match': known });
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', etag]);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  }
  expect((await jwks({ 'If-None-Match': '"x"' })).status).toBe(200);
  await rotateKeys(server);
  const after = await jwks({ 'If-None-Match': etag });
  expect(after.status).toBe(200);
  expect(after.headers.get('etag')).not.toBe(etag);
});

test('a rotation activates the next key and publishes a new next key, and old tokens stay valid until they expire', async () => {
  const { access_token: before, expires_in } = await server.client.signUp('ana');
  const set = await published();
  await rotateKeys(server);
  const { access_token: after } = await server.client.logIn('ana');
  expect(kidOf(after)).not.toBe(kidOf(before));
  expect(set).toContain(kidOf(after));
  expect(await states()).toMatchObject({ [kidOf(before)]: 'retiring', [kidOf(after)]: 'active' });
  expect(await published()).toHaveLength(3);
  server.clock.advance((expires_in - 2) * 1000);
  expect((await present(before)).status).toBe(200);
  server.clock.advance(2000);
  expectProblem(await present(before), 401, 'token_expired');
});

test('removes a retiring key from the set after its last token has expired, and deletes its private key', async () => {
  const { access_token } = await server.client.signUp('ana');
  await rotateKeys(server);
  server.clock.advance(5 * 60_000);
  expect(await published()).toContain(kidOf(access_token));
  server.clock.advance(61_000);
  expect(await published()).not.toContain(kidOf(access_token));
  await until(async () => (await states())[kidOf(access_token)] === 'retired');
  const row = (await keysOf(server).list()).find(({ kid }) => kid === kidOf(access_token));
  expect(row).toMatchObject({ sealedKey: null, revokedAt: null });
  await server.restart();
  expect(await published()).toHaveLength(2);
});

test('a token issued before ACCESS_TOKEN_TTL was lowered stays valid until it expires, also after a rotation', async () => {
  await server.restart({ ACCESS_TOKEN_TTL: '1h' });
  const { access_token } = await server.client.signUp('ana');
  await server.restart({ ACCESS_TOKEN_TTL: '1m' });
  await rotateKeys(server);
  server.clock.advance(59 * 60_000);
  expect((await present(access_token)).status).toBe(200);
  expect(await published()).toContain(kidOf(access_token));
  server.clock.advance(60_000);
  expectProblem(await present(access_token), 401, 'token_expired');
});

test('KEY_ROTATION rotates keys automatically, exactly as often as due', async () => {
  const { access_token } = await server.client.signUp('ana');
  const first = kidOf(access_token);
  server.clock.advance(30 * DAY - 60_000);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(server.get(SigningKeys).active.kid).toBe(first);
  server.clock.advance(60_000);
  await until(() => server.get(SigningKeys).active.kid !== first);
  const second = server.get(SigningKeys).active.kid;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(server.get(SigningKeys).active.kid).toBe(second);
  expect(Object.values(await states()).sort()).toEqual(['active', 'next', 'retiring']);
  expect(server.log.filter(({ msg }) => msg === 'key.rotated')).toMatchObject([
    { level: 'info', details: { kid: second } },
  ]);
});

test('a server that was down when a rotation was due rotates at the next start', async () => {
  const first = server.get(SigningKeys).active.kid;
  server.clock.advance(31 * DAY);
  await server.restart();
  await until(() => server.get(SigningKeys).active.kid !== first);
});

test('revoking the active key removes it from the set at once and activates the next key', async () => {
  const { access_token, refresh_token } = await server.client.signUp('ana');
  const { kid: next } = (await keysOf(server).list()).find(({ status }) => status === 'next') as { kid: string };
  await keysOf(server).revoke(kidOf(access_token));
  expectProblem(await present(access_token), 401, 'token_malformed');
  expect(await published()).not.toContain(kidOf(access_token));
  const { body } = await server.client.refresh(refresh_token);
  expect(kidOf(body.access_token)).toBe(next);
  expect((await present(body.access_token)).status).toBe(200);
  await server.restart();
  expectProblem(await present(access_token), 401, 'token_malformed');
  expect((await present(body.access_token)).status).toBe(200);
  const row = (await keysOf(server).list()).find(({ kid }) => kid === kidOf(access_token));
  expect(row).toMatchObject({ status: 'retired', sealedKey: null, revokedAt: expect.any(Date) });
});

test('a revoked next key never signs, and a revoked retiring key no longer verifies tokens', async () => {
  const { access_token } = await server.client.signUp('ana');
  const { kid: next } = (await keysOf(server).list()).find(({ status }) => status === 'next') as { kid: string };
  await keysOf(server).revoke(next);
  await rotateKeys(server);
  expect(server.get(SigningKeys).active.kid).not.toBe(next);
  await keysOf(server).revoke(kidOf(access_token));
  expectProblem(await present(access_token), 401, 'token_malformed');
  expect(Object.values(await states()).sort()).toEqual(['active', 'next', 'retired', 'retired']);
});

test('stores no key unencrypted in the database [ASVS 14.2.4]', async () => {
  const key = server.get(SigningKeys).active.privateKey;
  const scalar = Buffer.from(key?.export({ format: 'jwk' }).d as string, 'base64url');
  for (const { sealedKey } of await keysOf(server).list()) {
    expect(sealedKey?.length).toBeGreaterThan(100);
    expect(sealedKey?.includes(scalar.subarray(0, 8))).toBe(false);
  }
});
