import { decodeJwt } from 'jose';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { PASSWORD } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import { sendRaw } from '../../support/raw-http.js';
import { TestServer } from '../../support/server.js';

/** What the logs contain, and what they never contain (ASVS 16.2). */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ LOG_LEVEL: 'trace' });
});
afterAll(() => server.stop());

test('logs one line per request with time, user, action, outcome and request id [ASVS 14.2.1, 16.2.1, 16.2.2, 16.2.4]', async () => {
  const { headers } = await server.client.get('/users/me?access_token=secret');
  const lines = server.log.filter((line) => line.request_id === headers.get('x-request-id'));
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'portero',
      context: 'http',
      msg: 'request',
      request_id: headers.get('x-request-id'),
      method: 'GET',
      path: '/users/me',
      status: 401,
      duration_ms: expect.any(Number),
      ip: '127.0.0.1',
    },
  ]);
});

test('logs requests that reach no route: a malformed path, and invalid HTTP', async () => {
  const malformed = await server.client.get('/%zz');
  const { headers } = await sendRaw(server.client.url, 'hello\r\n\r\n');
  for (const id of [malformed.headers.get('x-request-id'), headers['x-request-id']]) {
    expect(server.log.filter((line) => line.request_id === id)).toHaveLength(1);
  }
});

test('logs no password, token or hash in any case [ASVS 16.2.5]', async () => {
  const { client } = server;
  const tokens = await client.signUp('ana');
  const wrong = 'a wrong password, typed by mistake';
  await client.post('/register', { body: { username: 'ana', password: wrong } });
  await client.post('/login', { body: { username: 'ana', password: wrong } });
  await client.post('/login', { body: `{"username":"ana","password":"${wrong}"` });
  await client.post('/login', { body: { username: 'ana', password: { text: wrong } } });
  const { body: next } = await client.refresh(tokens.refresh_token);
  await client.get(`/protected?token=${next.access_token}`, { token: `${next.access_token}x` });
  await client.get('/protected', { token: next.access_token, headers: { Cookie: `session=${next.access_token}` } });
  await client.post('/logout', { token: next.access_token });
  const log = JSON.stringify(server.log);
  const secrets = [PASSWORD, wrong, ...Object.values(tokens), ...Object.values(next)].filter(
    (value): value is string => typeof value === 'string' && value !== 'Bearer',
  );
  expect(secrets).toHaveLength(6);
  for (const secret of secrets) expect(log).not.toContain(secret);
  expect(log).not.toMatch(/\$2b\$|portero-bcrypt/);
});

test('logs the end of each of several sessions that end at the same time, in any letter case of their IDs', async () => {
  const { client } = server;
  const users = await Promise.all(['bea', 'carl', 'dora', 'emil', 'fay'].map((name) => client.signUp(name)));
  const sessions = users.map(({ access_token: token }) => ({ token, id: decodeJwt(token).sid as string }));
  const before = server.log.length;
  const spelled = (id: string, index: number) => (index % 2 === 0 ? id : id.toUpperCase());
  const ended = await Promise.all(
    sessions.map(({ id, token }, index) => client.call('DELETE', `/auth/sessions/${spelled(id, index)}`, { token })),
  );
  expect(ended.map(({ status }) => status)).toEqual(sessions.map(() => 204));
  const lines = server.log.slice(before).filter(({ context }) => context === 'audit');
  expect(new Set(lines)).toEqual(
    new Set(
      sessions.map(({ id }, index) =>
        expect.objectContaining({
          msg: 'session.ended',
          session_id: id,
          request_id: ended[index]?.headers.get('x-request-id'),
        }),
      ),
    ),
  );
});

test('a line break in input does not start a new log line [ASVS 16.4.1]', async () => {
  const before = server.log.length;
  await server.client.get('/x%0a%7b%22level%22:%22fatal%22%7d');
  expect(server.log.slice(before).map(({ level }) => level)).toEqual(['info']);
});

test('logs an unexpected error with message and stack, and responds without them [ASVS 16.3.4, 16.5.1]', async () => {
  const jwks = server.get(SigningKeys);
  const original = jwks.publicKeys;
  jwks.publicKeys = () => {
    throw new Error('the words of the fault');
  };
  const answer = await server.client.get('/.well-known/jwks.json');
  jwks.publicKeys = original;
  expectProblem(answer, 500, 'internal_error');
  expect(answer.text).not.toMatch(/words of the fault|\.ts|\.js/);
  const line = server.log.find((entry) => entry.level === 'error');
  expect(line).toMatchObject({ request_id: answer.headers.get('x-request-id'), msg: 'internal_error' });
  expect(line?.err).toMatchObject({ message: 'the words of the fault', stack: expect.stringContaining('logs.test') });
});
