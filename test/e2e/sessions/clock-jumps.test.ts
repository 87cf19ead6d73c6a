import { jest } from '@jest/globals';
import { SigningKeyStore } from '../../../src/tokens/keys/signing-key-store.js';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import type { Tokens } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Attack row "fail open": jumps of the clock, and failures of timed work (ASVS 16.5.2). */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
afterEach(() => jest.restoreAllMocks());

test('a forward jump of the clock expires sessions and tokens, and a backward jump revives no ended session', async () => {
  const tokens = await server.client.signUp('ana');
  const loggedOut = await server.client.logIn('ana');
  await server.client.post('/logout', { token: loggedOut.access_token });
  const call = ({ access_token }: Tokens) => server.client.get('/protected', { token: access_token });
  server.clock.jump(2 * 86_400_000);
  expectProblem(await call(tokens), 401, 'token_expired');
  // Long enough for expired entries to be removed from memory.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  server.clock.jump(-2 * 86_400_000);
  expect((await call(tokens)).status).toBe(200);
  expectProblem(await call(loggedOut), 401, 'token_revoked');
  expectProblem(await server.client.refresh(loggedOut.refresh_token), 401, 'session_revoked');
  server.clock.jump(-86_400_000);
  expectProblem(await call(tokens), 401, 'token_malformed');
  server.clock.jump(86_400_000);
  expect((await call(tokens)).status).toBe(200);
});

test('a failed key rotation keeps the active key and is retried', async () => {
  const keys = server.get(SigningKeys);
  const { kid } = keys.active;
  const rotate = jest.spyOn(SigningKeyStore.prototype, 'rotate').mockRejectedValue(new Error('injected'));
  server.clock.advance(31 * 86_400_000);
  while (rotate.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const tokens = await server.client.signUp('berta');
  expect(keys.active.kid).toBe(kid);
  expect((await server.client.get('/protected', { token: tokens.access_token })).status).toBe(200);
  rotate.mockRestore();
  while (keys.active.kid === kid) await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await server.client.get('/protected', { token: tokens.access_token })).status).toBe(200);
});
