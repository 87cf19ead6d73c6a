import { decodeJwt } from 'jose';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Effects of the settings over HTTP. One server at a time, because Passport is global. */
test('responds with 403 if REGISTRATION=closed', async () => {
  const closed = await TestServer.start({ REGISTRATION: 'closed' });
  try {
    const answer = await closed.client.post('/register', { body: { username: 'x', password: PASSWORD } });
    expectProblem(answer, 403, 'registration_closed');
  } finally {
    await closed.stop();
  }
});

test.each([
  ['email', { email: 'x@example.com' }, { username: 'x' }, ['/email']],
  ['username,email', { username: 'x', email: 'x@example.com' }, {}, ['/username', '/email']],
])(
  'REGISTRATION_REQUIRES=%s accepts the named members and rejects fewer',
  async (requires, enough, tooLittle, missing) => {
    const strict = await TestServer.start({ REGISTRATION_REQUIRES: requires });
    try {
      const answer = await strict.client.post('/register', { body: { ...tooLittle, password: PASSWORD } });
      expectFaults(answer, ...missing.map((pointer): [string, string] => [pointer, 'required']));
      const taken = await strict.client.post('/register', { body: { ...enough, password: PASSWORD } });
      expect(taken.status).toBe(201);
    } finally {
      await strict.stop();
    }
  },
);

test('PASSWORD_MIN_LENGTH sets the minimum length [ASVS 6.2.1]', async () => {
  const strict = await TestServer.start({ PASSWORD_MIN_LENGTH: '15' });
  try {
    const answer = await strict.client.post('/register', { body: { username: 'x', password: 'x'.repeat(14) } });
    expectProblem(answer, 422, 'password_rejected');
  } finally {
    await strict.stop();
  }
});

test('an access token expires no later than its session', async () => {
  const tight = await TestServer.start({ SESSION_TTL: '100s', ACCESS_TOKEN_TTL: '5m' });
  try {
    const tokens = await tight.client.signUp('tight');
    expect([tokens.expires_in, tokens.refresh_expires_in]).toEqual([expect.any(Number), 100]);
    expect(tokens.expires_in).toBeLessThanOrEqual(100);
  } finally {
    await tight.stop();
  }
});

test('a token issued under a longer ACCESS_TOKEN_TTL stays revoked after the setting is shortened', async () => {
  const server = await TestServer.start({ ACCESS_TOKEN_TTL: '1h' });
  try {
    const { access_token } = await server.client.signUp('ana');
    await server.restart({ ACCESS_TOKEN_TTL: '1s' });
    expect((await server.client.post('/logout', { token: access_token })).status).toBe(204);
    server.clock.advance(10_000);
    await server.restart();
    expectProblem(await server.client.get('/protected', { token: access_token }), 401, 'token_revoked');
  } finally {
    await server.stop();
  }
});

test('PUBLIC_URL sets the issuer, JWT_AUDIENCE the audience, and https enables HSTS [ASVS 3.4.1]', async () => {
  const settings = { PUBLIC_URL: 'https://auth.example.com', JWT_AUDIENCE: 'https://api.example.com' };
  const server = await TestServer.start(settings);
  try {
    const { access_token } = await server.client.signUp('ana');
    expect(decodeJwt(access_token)).toMatchObject({ iss: settings.PUBLIC_URL, aud: settings.JWT_AUDIENCE });
    const answer = await server.client.get('/protected', { token: access_token });
    expect([answer.status, answer.headers.get('strict-transport-security')]).toEqual([
      200,
      'max-age=31536000; includeSubDomains',
    ]);
  } finally {
    await server.stop();
  }
});

test('REFRESH_TOKEN_TTL sets the lifetime of a refresh token', async () => {
  const server = await TestServer.start({ REFRESH_TOKEN_TTL: '1m' });
  try {
    const tokens = await server.client.signUp('ana');
    expect(tokens.refresh_expires_in).toBe(60);
    server.clock.advance(61_000);
    expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'refresh_token_expired');
  } finally {
    await server.stop();
  }
});
