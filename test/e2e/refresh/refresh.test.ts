import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import type { Tokens } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { respell } from '../../support/respell.js';
import { TestServer } from '../../support/server.js';

const DAY = 86_400_000;

/** Row `POST /auth/refresh` of the contract. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signUp = () => server.client.signUp(`user-${++user}`);
const refresh = (token: string) => server.client.refresh(token);

test('responds with new tokens of the same session', async () => {
  const first = await signUp();
  const { status, headers, body: second } = await refresh(first.refresh_token);
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(second.refresh_token).not.toBe(first.refresh_token);
  const [before, after] = [decodeJwt(first.access_token), decodeJwt(second.access_token)];
  expect(after).toMatchObject({ sid: before.sid, sub: before.sub, auth_time: before.auth_time });
  expect(after.jti).not.toBe(before.jti);
  expect((await server.client.get('/protected', { token: second.access_token })).status).toBe(200);
});

test('accepts the token in the Authorization header too', async () => {
  const { refresh_token } = await signUp();
  expect((await server.client.post('/auth/refresh', { token: refresh_token })).status).toBe(200);
});

test('a retry inside the grace window gets exactly the same successor', async () => {
  const { refresh_token } = await signUp();
  const { body: first } = await refresh(refresh_token);
  server.clock.advance(59_000);
  const { status, body: second } = await refresh(refresh_token);
  expect([status, second.refresh_token]).toEqual([200, first.refresh_token]);
});

test('a refresh token used twice outside the grace window ends its session and its access tokens (RFC 9700 §4.14.2) [ASVS 10.4.5]', async () => {
  const { refresh_token } = await signUp();
  const { body: second } = await refresh(refresh_token);
  server.clock.advance(60_000);
  const replay = await refresh(refresh_token);
  expectProblem(replay, 401, 'refresh_token_reused');
  expect(replay.headers.get('www-authenticate')).toMatch(/error="invalid_token", error_description="[\x20-\x7e]+"$/);
  expectProblem(await refresh(second.refresh_token), 401, 'session_revoked');
  expectProblem(await server.client.get('/protected', { token: second.access_token }), 401, 'token_revoked');
});

test('the grace window ends as soon as the successor is used', async () => {
  const { refresh_token } = await signUp();
  const { body: second } = await refresh(refresh_token);
  expect((await refresh(second.refresh_token)).status).toBe(200);
  expectProblem(await refresh(refresh_token), 401, 'refresh_token_reused');
});

test('20 concurrent refreshes with one token all get the same successor [ASVS 2.3.4, 15.4.2] [attack: refresh race]', async () => {
  for (let round = 0; round < 10; round++) {
    const { refresh_token } = await signUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    expect((await refresh((answers[0] as { body: Tokens }).body.refresh_token)).status).toBe(200);
  }
});

test('a refresh concurrent with a logout leaves no valid token, in any order', async () => {
  for (let round = 0; round < 20; round++) {
    const { refresh_token, access_token } = await signUp();
    const [refreshed] = await Promise.all([
      refresh(refresh_token),
      server.client.post('/auth/logout', { token: access_token }),
    ]);
    if (refreshed.status === 200) {
      const { body } = refreshed;
      expectProblem(await server.client.get('/protected', { token: body.access_token }), 401, 'token_revoked');
      expectProblem(await refresh(body.refresh_token), 401, 'session_revoked');
    } else {
      expectProblem(refreshed, 401, 'session_revoked');
    }
  }
});

test('each refresh extends the life of the refresh token, but never past the end of the session [ASVS 7.3.2, 10.4.8]', async () => {
  const start = server.clock.now();
  let tokens = await signUp();
  for (const day of [13, 26, 29]) {
    server.clock.advance(start + day * DAY - server.clock.now());
    ({ body: tokens } = await refresh(tokens.refresh_token));
    const left = day === 13 ? 14 : 30 - day;
    expect(Math.abs(tokens.refresh_expires_in - left * 86_400)).toBeLessThanOrEqual(5);
  }
  server.clock.advance(start + 30 * DAY - server.clock.now() + 5_000);
  expectProblem(await refresh(tokens.refresh_token), 401, 'refresh_token_expired');
});

test('rejects a refresh token after its lifetime as expired [ASVS 7.3.1]', async () => {
  const { refresh_token } = await signUp();
  server.clock.advance(14 * DAY + 1_000);
  const late = await refresh(refresh_token);
  expectProblem(late, 401, 'refresh_token_expired');
});

test('rejects a token of a future generation without ending the session, because the database may be restored from a backup', async () => {
  const first = await signUp();
  const { body: second } = await refresh(first.refresh_token);
  const { sid } = decodeJwt(first.access_token) as { sid: string };
  await server.get(DataSource).query('UPDATE sessions SET generation = 1, rotated_at = NULL WHERE id = $1', [sid]);
  expectProblem(await refresh(second.refresh_token), 401, 'refresh_token_invalid');
  expect((await refresh(first.refresh_token)).status).toBe(200);
});

test('rejects every value that is not exactly a valid refresh token', async () => {
  const { refresh_token, access_token } = await signUp();
  const bytes = Buffer.from(refresh_token, 'base64url');
  const flipped = Array.from(bytes, (_, index) => {
    const copy = Buffer.from(bytes);
    copy[index] = (copy[index] as number) ^ 1;
    return copy.toString('base64url');
  });
  const others = [
    '',
    'x',
    access_token,
    `${refresh_token}=`,
    `${refresh_token}A`,
    respell(refresh_token),
    refresh_token.slice(1),
  ];
  for (const forged of [...flipped, ...others]) {
    expectProblem(await refresh(forged), 401, 'refresh_token_invalid');
  }
  expect((await refresh(refresh_token)).status).toBe(200);
});

test('rejects null and other types with 400', async () => {
  for (const refresh_token of [null, 7, {}, ['x']]) {
    const answer = await server.client.post('/auth/refresh', { body: { refresh_token } });
    expectFaults(answer, ['/refresh_token', 'not_a_string']);
  }
});

test('rejects a request without a token', async () => {
  const bare = await server.client.post('/auth/refresh');
  expectProblem(bare, 401, 'refresh_token_invalid');
  expect(bare.headers.get('www-authenticate')).toBe('Bearer realm="portero"');
  expectProblem(await server.client.post('/auth/refresh', { body: {} }), 401, 'refresh_token_invalid');
});
