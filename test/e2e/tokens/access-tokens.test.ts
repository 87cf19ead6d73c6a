import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { encode, Forgery } from '../../support/forgery.js';
import { expectProblem } from '../../support/matchers.js';
import { respell } from '../../support/respell.js';
import { TestServer } from '../../support/server.js';

/** Which credentials a protected route accepts, and attacks on tokens. */
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
/** A valid token with the given changes, signed with the real key. */
const forge = (header: object, claims: object) => forgery.forge(header, claims);

type Parts = Forgery['parts'];

/** Signs the given header and claims with the real key, without changes. */
function signed(
  head: (parts: Parts) => string = ({ head }) => head,
  claims: (parts: Parts) => string = (parts) => parts.claims,
) {
  return forgery.sign(head(forgery.parts), claims(forgery.parts));
}

/** Another encoding of the same bytes: other characters, or spaces if the length leaves no unused bits. */
function respelled(part: string): string {
  return part.length % 4 === 0 ? `${part}==` : respell(part);
}

test('accepts an unchanged token made by the forging helper', async () => {
  expect((await present(forge({}, {}))).status).toBe(200);
});

describe('the Authorization header', () => {
  test.each([
    ['none', undefined, 'token_missing'],
    ['another scheme', 'Basic YTpi', 'token_missing'],
    ['the scheme alone', 'Bearer', 'token_malformed'],
    ['two tokens', 'Bearer a b', 'token_malformed'],
  ])('with %s is rejected', async (_, authorization, code) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
    const answer = await server.client.get('/protected', { headers });
    expectProblem(answer, 401, code);
    expect(answer.headers.get('www-authenticate')?.includes('error=')).toBe(code !== 'token_missing');
  });

  test('the scheme is case-insensitive (RFC 9110 §11.1)', async () => {
    const answer = await server.client.get('/protected', { headers: { Authorization: `bEARER ${token}` } });
    expect(answer.status).toBe(200);
  });

  test('ignores a token in the query or the body [ASVS 14.2.1]', async () => {
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
  ['typ AT+JWT', () => forge({ typ: 'AT+JWT' }, {})],
  ['typ application/at+jwt', () => forge({ typ: 'application/at+jwt' }, {})],
  ['no alg', () => forge({ alg: undefined }, {})],
  ['alg in small letters', () => forge({ alg: 'es256' }, {})],
  ['a list as alg', () => forge({ alg: ['ES256'] }, {})],
  ['no kid', () => forge({ kid: undefined }, {})],
  ['an unknown kid', () => forge({ kid: 'x' }, {})],
  ['a path as kid', () => forge({ kid: '../../etc/passwd' }, {})],
  ['SQL as kid', () => forge({ kid: "' OR 1=1 --" }, {})],
  ['a kid that every object has', () => forge({ kid: 'constructor' }, {})],
  ['a number as kid', () => forge({ kid: 7 }, {})],
  ['crit', () => forge({ crit: ['exp'] }, {})],
  ['b64 false', () => forge({ b64: false }, {})],
  ['cty', () => forge({ cty: 'JWT' }, {})],
  ['zip', () => forge({ zip: 'DEF' }, {})],
  ['a header member twice', () => signed(({ head }) => head.replace('{', '{"kid":"x",'))],
  ['alg twice', () => signed(({ head }) => head.replace('}', ',"alg":"ES256"}'))],
  ['a header member twice, once escaped', () => signed(({ head }) => head.replace('{', '{"\\u006bid":"x",'))],
  ['__proto__ in the header', () => signed(({ head }) => head.replace('{', '{"__proto__":{},'))],
  ['exp twice', () => signed(undefined, ({ claims }) => claims.replace('{', '{"exp":1,'))],
  [
    'sub twice, the same',
    () => signed(undefined, ({ claims }) => claims.replace('{', `{"sub":"${decodeJwt(token).sub}",`)),
  ],
  ['sid twice, once escaped', () => signed(undefined, ({ claims }) => claims.replace('{', '{"s\\u0069d":"x",'))],
  [
    'a member twice inside a claim',
    () => signed(undefined, ({ claims }) => claims.replace('{', '{"x":{"a":1,"a":2},')),
  ],
  ['claims that are a list', () => signed(undefined, () => '[]')],
  ['claims that are null', () => signed(undefined, () => 'null')],
  ['claims that are no JSON', () => signed(undefined, () => 'exp')],
  ['a byte order mark before the claims', () => signed(undefined, ({ claims }) => `\ufeff${claims}`)],
  ['a lone byte that is no UTF-8', () => forgery.signParts(encode(decodeProtectedHeader(token)), '_w')],
  ['no exp', () => forge({}, { exp: undefined })],
  ['exp 1e300', () => forge({}, { exp: 1e300 })],
  ['exp as text', () => forge({}, { exp: '9999999999' })],
  ['exp negative', () => forge({}, { exp: -1 })],
  ['exp null', () => forge({}, { exp: null })],
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
  ['jti as a number', () => forge({}, { jti: 7 })],
  ['sub that is no id', () => forge({}, { sub: "' OR 1=1 --" })],
  ['sid in capital letters', () => forge({}, { sid: (decodeJwt(token).sid as string).toUpperCase() })],
  ['padding', () => `${token}=`],
  ['padding in the claims, signed', () => forgery.signParts(encode(decodeProtectedHeader(token)), 'e30=')],
  ['another spelling of its last character', () => respell(token)],
  [
    'a header in another spelling, signed',
    () => forgery.signParts(respelled(encode(decodeProtectedHeader(token))), encode(decodeJwt(token))),
  ],
  ['a space inside', () => token.replace('.', ' .')],
  ['a fourth part', () => `${token}.`],
  ['a flipped bit in the claims', () => token.replace(/\.(.)/, (_, c) => `.${c === 'e' ? 'f' : 'e'}`)],
  ['5 KiB', () => forge({}, { jti: 'x'.repeat(5000) })],
  ['nothing but dots', () => '..'],
])(
  'rejects a token with %s as token_malformed [ASVS 9.1.1, 9.1.2, 9.1.3, 9.2.1, 9.2.2, 9.2.3, 10.3.1, 11.2.5] [attack: algorithm, key choice, malleability, claims]',
  async (_, make) => {
    const candidate = make();
    // The valid token is cached as verified by now, which must not make another token valid.
    expect((await present(token)).status).toBe(200);
    for (const _again of [1, 2]) expectProblem(await present(candidate), 401, 'token_malformed');
    expect((await present(token)).status).toBe(200);
  },
);

test('rejects HS256 with the public key as the secret [ASVS 9.1.2] [attack: algorithm]', async () => {
  const { keys } = (await server.client.get<{ keys: JsonWebKey[] }>('/.well-known/jwks.json')).body;
  const publicKey = keys.find((key) => key.kid === decodeProtectedHeader(token).kid);
  const pem = createPublicKey({ key: publicKey as JsonWebKey, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
  const { kid } = decodeProtectedHeader(token) as { kid: string };
  const forged = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
    .sign(Buffer.from(pem as string));
  expectProblem(await present(forged), 401, 'token_malformed');
});

test('rejects a token signed with another key under our kid [ASVS 9.1.1]', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kid } = decodeProtectedHeader(token) as { kid: string };
  const forged = await new SignJWT(decodeJwt(token))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .sign(privateKey);
  expectProblem(await present(forged), 401, 'token_malformed');
});

test('rejects a revoked token in every spelling, including the signature (r, n-s) [attack: malleability]', async () => {
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

test('checks exp without leeway [ASVS 9.2.1]', async () => {
  const { access_token, expires_in } = await server.client.logIn('ana');
  server.clock.advance((expires_in - 2) * 1000);
  expect((await present(access_token)).status).toBe(200);
  server.clock.advance(2000);
  expectProblem(await present(access_token), 401, 'token_expired');
});
