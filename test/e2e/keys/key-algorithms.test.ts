import { decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/** JWT_ALG, and its change over one database. */
let server: TestServer;
afterEach(() => server.stop());

const present = (token: string) => server.client.get('/protected', { token });
const algOf = (token: string) => decodeProtectedHeader(token).alg;
const publishedAlgs = async () =>
  (await server.client.get<{ keys: { alg: string }[] }>('/.well-known/jwks.json')).body.keys
    .map(({ alg }) => alg)
    .sort();

/** A changed JWT_ALG signs as soon as every instance may know the key: at once where there is one alone. */
async function signing(alg: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (server.get(SigningKeys).active.alg !== alg) {
    if (Date.now() > deadline) throw new Error(`${alg} does not sign`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('with RS256 tokens are signed by an RSA key of 3072 bits, and its public half is published', async () => {
  server = await TestServer.start({ JWT_ALG: 'RS256' });
  const { access_token } = await server.client.signUp('ana');
  expect(algOf(access_token)).toBe('RS256');
  expect((await present(access_token)).status).toBe(200);
  const { body } = await server.client.get<{ keys: { kid: string; n: string }[] }>('/.well-known/jwks.json');
  const text = expect.stringMatching(/^[\w-]{43}$/);
  const key = { kty: 'RSA', n: expect.stringMatching(/^[\w-]{512}$/), e: 'AQAB', use: 'sig', alg: 'RS256', kid: text };
  expect(body).toEqual({ keys: [key, key] });
  expect(body.keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(access_token).kid);
});

test('with HS256 nothing is published, and Portero itself still judges', async () => {
  server = await TestServer.start({ JWT_ALG: 'HS256' });
  const { access_token } = await server.client.signUp('ana');
  expect(algOf(access_token)).toBe('HS256');
  expect((await server.client.get('/.well-known/jwks.json')).text).toBe('{"keys":[]}');
  expect((await present(access_token)).status).toBe(200);
  expectProblem(await present(`${access_token.slice(0, -4)}AAAA`), 401, 'token_malformed');
  expect((await (await Service.register(server)).introspect(access_token)).body).toMatchObject({ active: true });
});

test('changing JWT_ALG and back loses no token: each is good to its end under the key that signed it', async () => {
  server = await TestServer.start();
  const tokens = [(await server.client.signUp('ana')).access_token];
  for (const alg of ['RS256', 'HS256', 'ES256']) {
    await server.restart({ JWT_ALG: alg });
    expect((await present(tokens.at(-1) as string)).status).toBe(200);
    await signing(alg);
    tokens.push((await server.client.logIn('ana')).access_token);
    for (const token of tokens) expect((await present(token)).status).toBe(200);
  }
  expect(tokens.map(algOf)).toEqual(['ES256', 'RS256', 'HS256', 'ES256']);
  expect(await publishedAlgs()).toEqual(['ES256', 'ES256', 'ES256', 'RS256']);
  const [first = '', second = ''] = tokens;
  // A token of one key under the kid of another finds that key's algorithm, not its own.
  const [, ...rest] = first.split('.');
  expectProblem(await present([second.split('.')[0], ...rest].join('.')), 401, 'token_malformed');
}, 90_000);
