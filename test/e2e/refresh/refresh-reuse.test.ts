import { decodeJwt } from 'jose';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { statementsDuring } from '../../support/statements.js';

/** Stolen and forged refresh tokens. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

test('rejects a forged refresh token by its MAC, without a database statement', async () => {
  const { refresh_token } = await server.client.signUp('ana');
  const bytes = Buffer.from(refresh_token, 'base64url');
  const forged = Array.from({ length: bytes.length }, (_, index) => {
    const copy = Buffer.from(bytes);
    copy[index] = (copy[index] as number) ^ 0x80;
    return copy.toString('base64url');
  });
  const statements = await statementsDuring(server, async () => {
    for (const token of [...forged, 'x', '', 'A'.repeat(71)]) {
      expectProblem(await server.client.refresh(token), 401, 'refresh_token_invalid');
    }
  });
  expect(statements).toEqual([]);
  // The counter does count the statements of a valid token.
  const genuine = await statementsDuring(server, async () => {
    expect((await server.client.refresh(refresh_token)).status).toBe(200);
  });
  expect(genuine).toHaveLength(1);
});

test('a replay outside the grace window ends the session and logs the user, session and address (RFC 9700 §4.14.2)', async () => {
  const first = await server.client.signUp('eva');
  const { body: second } = await server.client.refresh(first.refresh_token);
  server.clock.advance(60_000);
  const options = { body: { refresh_token: first.refresh_token }, headers: { 'User-Agent': 'thief/1.0' } };
  expectProblem(await server.client.post('/auth/refresh', options), 401, 'refresh_token_reused');
  expectProblem(await server.client.refresh(second.refresh_token), 401, 'session_revoked');
  expectProblem(await server.client.get('/protected', { token: second.access_token }), 401, 'token_revoked');

  const { sub, sid } = decodeJwt(first.access_token) as { sub: string; sid: string };
  const lines = server.log.filter(({ msg }) => msg === 'refresh.reused');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      session_id: sid,
      user_id: sub,
      details: expect.objectContaining({ generation: 1 }),
      ip: '127.0.0.1',
      user_agent: 'thief/1.0',
    }),
  ]);
  expect(JSON.stringify(server.log)).not.toContain(first.refresh_token);
});
