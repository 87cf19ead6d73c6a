import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign as signBytes } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { SigningKeys } from '../../src/tokens/signing-keys.js';
import { expectProblem } from '../support/matchers.js';
import { respell } from '../support/respell.js';
import { TestServer } from '../support/server.js';

/** Which credential a protected route takes; rows of the attacks on tokens. */
let server: TestServer;
let token: string;
let refreshToken: string;
beforeAll(async () => {
  server = await TestServer.start();
  ({ access_token: token, refresh_token: refreshToken } = await server.client.signUp('ana'));
});
afterAll(() => server.stop());

const present = (candidate: string) => server.client.get('/protected', { token: candidate });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token like a real one but for the changes, signed with the real key. */
function forge(header: object, claims: object): string {
  const { privateKey } = server.get(SigningKeys).active as { privateKey: KeyObject };
  const head = encode({ ...decodeProtectedHeader(token), ...header });
  const body = encode({ ...decodeJwt(token), ...claims });
  const signature = signBytes('sha256', Buffer.from(`${head}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${head}.${body}.${signature.toString('base64url')}`;
}

test('the forging of these tests is right: unchanged, it is taken', async () => {
  expect((await present(forge({}, {}))).status).toBe(200);
});

describe('the header Authorization', () => {
  test.each([
    ['none', undefined, 'token_missing'],
    ['another scheme', 'Basic YTpi', 'token_missing'],
    ['the scheme alone', 'Bearer', 'token_malformed'],
    ['two tokens', 'Bearer a b', 'token_malformed'],
  ])('with %s is refused', async (_, authorization, code) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
    const answer = await server.client.get('/protected', { headers });
    expectProblem(answer, 401, code);
    expect(answer.headers.get('www-authenticate')?.includes('error=')).toBe(code !== 'token_missing');
  });

  test('the scheme has no letter case (RFC 9110 §11.1)', async () => {
    const answer = await server.client.get('/protected', { headers: { Authorization: `bEARER ${token}` } });
    expect(answer.status).toBe(200);
  });

  test('a token in the query or the body is not read', async () => {
    expectProblem(await server.client.get(`/protected?access_token=${token}`), 401, 'token_missing');
    expectProblem(await server.client.post('/protected', { body: { access_token: token } }), 401, 'token_missing');
  });
});

test.each<[string, () => string]>([
  ['alg none', () => `${encode({ ...decodeProtectedHeader(token), alg: 'none' })}.${token.split('.')[1]}.`],
  ['alg none with a signature', () => forge({ alg: 'none' }, {})],
  ['another algorithm than the key’s', () => forge({ alg: 'ES384' }, {})],
  ['no typ', () => forge({ typ: undefined }, {})],
  ['typ JWT', () => forge({ typ: 'JWT' }, {})],
  ['no kid', () => forge({ kid: undefined }, {})],
  ['an unknown kid', () => forge({ kid: 'x' }, {})],
  ['a path as kid', () => forge({ kid: '../../etc/passwd' }, {})],
  ['SQL as kid', () => forge({ kid: "' OR 1=1 --" }, {})],
  ['a kid that every object has', () => forge({ kid: 'constructor' }, {})],
  ['a number as kid', () => forge({ kid: 7 }, {})],
  ['crit', () => forge({ crit: ['exp'] }, {})],
  ['b64 false', () => forge({ b64: false }, {})],
  ['an embedded jwk', () => forge({ jwk: {} }, {})],
  ['jku', () => forge({ jku: 'http://127.0.0.1:9/' }, {})],
  ['x5u', () => forge({ x5u: 'http://127.0.0.1:9/' }, {})],
  ['x5c', () => forge({ x5c: [] }, {})],
  ['no exp', () => forge({}, { exp: undefined })],
  ['exp 1e300', () => forge({}, { exp: 1e300 })],
  ['exp as text', () => forge({}, { exp: '9999999999' })],
  ['no iat', () => forge({}, { iat: undefined })],
  ['iat ahead', () => forge({}, { iat: Math.floor(Date.now() / 1000) + 60 })],
  ['nbf ahead', () => forge({}, { nbf: Math.floor(Date.now() / 1000) + 60 })],
  ['another iss', () => forge({}, { iss: 'http://localhost:3001' })],
  ['no iss', () => forge({}, { iss: undefined })],
  ['another aud', () => forge({}, { aud: 'https://api.example.com' })],
  ['no aud', () => forge({}, { aud: undefined })],
  ['aud as a list', () => forge({}, { aud: ['http://localhost:3000'] })],
  ['no sub', () => forge({}, { sub: undefined })],
  ['no sid', () => forge({}, { sid: undefined })],
  ['no jti', () => forge({}, { jti: undefined })],
  ['padding', () => `${token}=`],
  ['another spelling of its last character', () => respell(token)],
  ['a refresh token', () => refreshToken],
  ['a flipped bit in the claims', () => token.replace(/\.(.)/, (_, c) => `.${c === 'e' ? 'f' : 'e'}`)],
  ['5 KiB', () => forge({}, { jti: 'x'.repeat(5000) })],
  ['nothing but dots', () => '..'],
])('a token with %s is token_malformed (attacks: algorithm, key choice, claims, confusion)', async (_, make) => {
  expectProblem(await present(make()), 401, 'token_malformed');
});

test('HS256 with the public key as its secret is refused (attack: algorithm)', async () => {
  const { keys } = (await server.client.get<{ keys: JsonWebKey[] }>('/.well-known/jwks.json')).body;
  const pem = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
  const { kid } = decodeProtectedHeader(token) as { kid: string };
  const forged = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
    .sign(Buffer.from(pem as string));
  expectProblem(await present(forged), 401, 'token_malformed');
});

test('the published keys are public: these members and no other', async () => {
  const { headers, body } = await server.client.get('/.well-known/jwks.json');
  const text = expect.stringMatching(/^[\w-]{43}$/);
  expect(body).toEqual({
    keys: [{ kty: 'EC', crv: 'P-256', x: text, y: text, use: 'sig', alg: 'ES256', kid: text }],
  });
  expect(headers.get('cache-control')).toBe('public, max-age=300');
});

test('a key of the attacker’s under our kid is refused', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kid } = decodeProtectedHeader(token) as { kid: string };
  const forged = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .sign(privateKey);
  expectProblem(await present(forged), 401, 'token_malformed');
});

test('every spelling of a revoked token is dead, and (r, n-s) with it (attack: malleability)', async () => {
  const tokens = await server.client.signUp('berta');
  await server.client.post('/logout', { token: tokens.access_token });
  const [head, body, signature] = tokens.access_token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const s = (n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
  const mirrored = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, 'hex')]).toString('base64url');
  expectProblem(await present(`${head}.${body}.${mirrored}`), 401, 'token_revoked');
  expectProblem(await present(tokens.access_token), 401, 'token_revoked');
  expectProblem(await present(respell(tokens.access_token)), 401, 'token_malformed');
});

test('exp is judged without leeway', async () => {
  const { access_token, expires_in } = await server.client.logIn('ana');
  server.clock.advance((expires_in - 2) * 1000);
  expect((await present(access_token)).status).toBe(200);
  server.clock.advance(2000);
  expectProblem(await present(access_token), 401, 'token_expired');
});

test('jose verifies a token by the published keys', async () => {
  const { access_token } = await server.client.logIn('ana');
  const keys = createRemoteJWKSet(new URL(`${server.client.url}/.well-known/jwks.json`));
  const verified = await jwtVerify(access_token, keys, {
    issuer: 'http://localhost:3000',
    audience: 'http://localhost:3000',
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: server.clock.date(),
  });
  expect(verified.payload.preferred_username).toBe('ana');
});
