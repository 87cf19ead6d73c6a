import { decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { Forgery } from '../../support/forgery.js';
import { rotateKeys } from '../../support/keys.js';
import { expectProblem } from '../../support/matchers.js';
import { respell } from '../../support/respell.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';

/** The signature of a token is verified once; everything else is checked on each request. */
describe.each([['50000'], ['2'], ['0']])('with TOKEN_CACHE_SIZE=%s', (size) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ TOKEN_CACHE_SIZE: size });
    await server.client.signUp('ana');
  });
  afterAll(() => server.stop());
  const present = (token: string) => server.client.get('/protected', { token });
  /** A new token, sent often enough to be cached. */
  async function known(): Promise<{ token: string; refreshToken: string; lifeMs: number }> {
    const { access_token: token, refresh_token: refreshToken, expires_in } = await server.client.logIn('ana');
    for (const _ of [1, 2]) expect((await present(token)).status).toBe(200);
    return { token, refreshToken, lifeMs: expires_in * 1000 };
  }

  test('a cached token expires to the second', async () => {
    const { token, lifeMs } = await known();
    server.clock.advance(lifeMs - 2000);
    expect((await present(token)).status).toBe(200);
    server.clock.advance(2000);
    for (const _ of [1, 2]) expectProblem(await present(token), 401, 'token_expired');
  });

  test.each<[string, (tokens: { token: string; refreshToken: string }) => Promise<unknown>]>([
    ['a logout', ({ token }) => server.client.post('/logout', { token })],
    [
      'a logout by the refresh token',
      ({ refreshToken }) => server.client.post('/logout', { body: { refresh_token: refreshToken } }),
    ],
    ['a revocation by a service', async ({ token }) => (await Service.register(server)).revoke(token)],
  ])('a cached token is revoked by %s', async (_, end) => {
    const tokens = await known();
    await end(tokens);
    for (const _again of [1, 2]) expectProblem(await present(tokens.token), 401, 'token_revoked');
  });

  test('another spelling of a cached token is rejected every time', async () => {
    const { token } = await known();
    const spellings = [respell(token), `${token}=`, token.replace('.', '=.'), ` ${token}x`.trim(), `${token}.`];
    for (const spelling of [...spellings, ...spellings]) expectProblem(await present(spelling), 401, 'token_malformed');
    expect((await present(token)).status).toBe(200);
  });

  test('a rejected token is rejected again and never cached as valid', async () => {
    const { token } = await known();
    const forged = `${new Forgery(server, token).forge({}, { sub: token }).slice(0, -4)}AAAA`;
    for (const _ of [1, 2, 3]) expectProblem(await present(forged), 401, 'token_malformed');
  });

  test('rejects a cached token as soon as its key is revoked', async () => {
    const { token } = await known();
    const keys = await rotateKeys(server);
    expect((await present(token)).status).toBe(200);
    await keys.revoke(decodeProtectedHeader(token).kid as string);
    for (const _ of [1, 2]) expectProblem(await present(token), 401, 'token_malformed');
    expect(server.get(SigningKeys).active.kid).not.toBe(decodeProtectedHeader(token).kid);
  });
});
