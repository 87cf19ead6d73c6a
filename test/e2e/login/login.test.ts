import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DataSource } from 'typeorm';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Row `POST /auth/login` of the contract, and its section "Access tokens". */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  const register = (body: object) => server.client.post('/auth/register', { body: { password: PASSWORD, ...body } });
  await register({ username: 'ana', email: 'ana@example.com' });
  await register({ username: 'ben', email: 'ben@example.com' });
});
afterAll(() => server.stop());

const logIn = (body: unknown) => server.client.post<Tokens>('/auth/login', { body });

test('responds with the tokens and forbids caching them', async () => {
  const answer = await logIn({ username: 'ana', password: PASSWORD });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: expect.stringMatching(/^[\w-]{71}$/),
    refresh_expires_in: 14 * 86_400,
  });
});

test('the access token has the claims that the contract lists (RFC 9068) [ASVS 10.3.4]', async () => {
  const { access_token } = await server.client.logIn('ana');
  const { body: user } = await server.client.get('/users/me', { token: access_token });
  const { body: jwks } = await server.client.get<{ keys: { kid: string }[] }>('/.well-known/jwks.json');
  const header = decodeProtectedHeader(access_token);
  expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  expect(jwks.keys.map(({ kid }) => kid)).toContain(header.kid);
  const claims = decodeJwt(access_token);
  const [session] = await server.get(DataSource).query('SELECT auth_time FROM sessions WHERE id = $1', [claims.sid]);
  expect(claims).toEqual({
    iss: 'http://localhost:3000',
    aud: 'http://localhost:3000',
    sub: user.id,
    sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    iat: expect.any(Number),
    exp: (claims.iat as number) + 300,
    auth_time: Math.floor(session.auth_time.getTime() / 1000),
    amr: ['pwd'],
    client_id: 'portero',
    preferred_username: 'ana',
  });
  // The proof is made moments before the token, so their seconds may differ by one.
  expect((claims.iat as number) - (claims.auth_time as number)).toBeGreaterThanOrEqual(0);
  expect((claims.iat as number) - (claims.auth_time as number)).toBeLessThanOrEqual(5);
});

test('accepts an email, and username and email together if both belong to the same user', async () => {
  expect((await logIn({ email: 'ANA@example.com', password: PASSWORD })).status).toBe(200);
  expect((await logIn({ username: 'Ana', email: 'ana@example.com', password: PASSWORD })).status).toBe(200);
  const mixed = { username: 'ana', email: 'ben@example.com', password: PASSWORD };
  expectProblem(await logIn(mixed), 401, 'invalid_credentials');
});

test.each([
  ['an unknown user', { username: 'nobody', password: PASSWORD }],
  ['a wrong password', { username: 'ana', password: 'not the password' }],
  ['the password in another letter case', { username: 'ana', password: PASSWORD.toUpperCase() }],
  ['a trailing space', { username: 'ana', password: `${PASSWORD} ` }],
  ['a password longer than any can be', { username: 'ana', password: 'x'.repeat(20_000) }],
  ['a name longer than any can be', { username: `i${'\u0307'.repeat(5000)}`, password: PASSWORD }],
  ['an email longer than any can be', { email: `i${'\u0307'.repeat(5000)}@example.com`, password: PASSWORD }],
])('responds to %s in the same way as to every other failure', async (_, body) => {
  const answer = await logIn(body);
  expectProblem(answer, 401, 'invalid_credentials');
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="portero"');
  expect(answer.body).toMatchObject({ detail: 'The username, the email address or the password is wrong.' });
});

test('compares the password beyond its 72nd byte [ASVS 6.2.8] [attack: passwords]', async () => {
  const password = 'x'.repeat(80);
  await server.client.post('/auth/register', { body: { username: 'long', password } });
  expectProblem(
    await logIn({ username: 'long', password: `${'x'.repeat(72)}${'y'.repeat(8)}` }),
    401,
    'invalid_credentials',
  );
  expect((await logIn({ username: 'long', password })).status).toBe(200);
});

test.each<[string, unknown, [string, string][]]>([
  ['no password', { username: 'ana' }, [['/password', 'required']]],
  ['an empty password', { username: 'ana', password: '' }, [['/password', 'empty']]],
  ['no name', { password: PASSWORD }, [['/username', 'required']]],
  ['a null name', { username: null, password: PASSWORD }, [['/username', 'not_a_string']]],
  ['an object as name (attack: null where)', { username: {}, password: PASSWORD }, [['/username', 'not_a_string']]],
  ['a list as email', { email: ['ana@example.com'], password: PASSWORD }, [['/email', 'not_a_string']]],
  ['an unknown member', { username: 'ana', password: PASSWORD, remember: true }, [['/remember', 'unknown_member']]],
  [
    'the member that a guard uses itself',
    { identifier: 'ana', password: PASSWORD },
    [['/identifier', 'unknown_member']],
  ],
  ['a list as body', [], [['', 'not_an_object']]],
])('rejects %s with 400', async (_, body, faults) => {
  expectFaults(await logIn(body), ...faults);
});

test('ignores a password in the query string [ASVS 14.2.1]', async () => {
  const answer = await server.client.post(`/auth/login?username=ana&password=${encodeURIComponent(PASSWORD)}`);
  expect(answer.status).toBe(400);
});
