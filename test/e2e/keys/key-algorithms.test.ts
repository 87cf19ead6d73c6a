import { decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/** JWT_ALG, and changing it with an existing database. */
let server: TestServer;
afterEach(() => server.stop());

const present = (token: string) => server.client.get('/protected', { token });
const algOf = (token: string) => decodeProtectedHeader(token).alg;
const publishedAlgs = async () =>
  (await server.client.get<{ keys: { alg: string }[] }>('/.well-known/jwks.json')).body.keys
    .map(({ alg }) => alg)
    .sort();

/** A changed JWT_ALG takes effect once every instance knows the key: at once if there is only one instance. */
async function signing(alg: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (server.get(SigningKeys).active.alg !== alg) {
    if (Date.now() > deadline) throw new Error(`${alg} does not sign`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('with RS256, signs tokens with a 3072-bit RSA key and publishes its public key', async () => {
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

test('with HS256, publishes no key, and Portero still verifies tokens', async () => {
  server = await TestServer.start({ JWT_ALG: 'HS256' });
  const { access_token } = await server.client.signUp('ana');
  expect(algOf(access_token)).toBe('HS256');
  expect((await server.client.get('/.well-known/jwks.json')).text).toBe('{"keys":[]}');
  expect((await present(access_token)).status).toBe(200);
  expectProblem(await present(`${access_token.slice(0, -4)}AAAA`), 401, 'token_malformed');
  expect((await (await Service.register(server)).introspect(access_token)).body).toMatchObject({ active: true });
});

test('changing JWT_ALG and back invalidates no token: each is valid until it expires', async () => {
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
  // A token with the kid of another key is verified with that key's algorithm, not its own.
  const [, ...rest] = first.split('.');
  expectProblem(await present([second.split('.')[0], ...rest].join('.')), 401, 'token_malformed');
}, 90_000);
