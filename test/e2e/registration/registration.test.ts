import { PASSWORD } from '../../support/client.js';
import { isPostgres } from '../../support/engine.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Row `POST /auth/register` of the contract, and its section "Identity". */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const register = (body: unknown, path = '/auth/register') => server.client.post(path, { body });

test('responds with 201, the public members of the user and its Location', async () => {
  const answer = await register({ username: 'Ana', email: 'Ana@Example.com', password: PASSWORD });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe('/users/me');
  expect(answer.body).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    username: 'Ana',
    email: 'Ana@Example.com',
    language: 'en',
    email_verified: false,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    updated_at: answer.body.created_at,
  });
});

test('/users/me shows the same user after login, and nothing without a token', async () => {
  const { body: user } = await register({ username: 'shown', password: PASSWORD });
  const { access_token } = await server.client.logIn('shown');
  const me = await server.client.get('/users/me', { token: access_token });
  expect([me.status, me.body]).toEqual([200, user]);
  expectProblem(await server.client.get('/users/me'), 401, 'token_missing');
});

test.each([
  ['letter case', 'MARIA', 'maria'],
  ['full-width letters', 'ｎｕｒｉａ', 'nuria'],
  ['a ligature', 'ﬁona', 'fiona'],
  ['the dotless i', 'ılia', 'ilia'],
  ['the dotted capital I', 'İrene', 'irene'],
  ['sharp s and its capitals', 'straße', 'STRASSE'],
  ['final sigma', 'νίκος', 'ΝΊΚΟΣ'],
  ['capital sharp s', 'großß', 'GROẞẞ'],
  ['composed and decomposed accents', 'jose\u0301', 'José'],
])('treats usernames as equal regardless of their %s [attack: identity]', async (_, first, second) => {
  expect((await register({ username: first, password: PASSWORD })).status).toBe(201);
  expectProblem(await register({ username: second, password: PASSWORD }), 409, 'username_taken');
  await server.client.logIn(second);
});

test('treats emails as equal regardless of letter case and a homoglyph of @ [attack: identity]', async () => {
  expect((await register({ username: 'mail1', email: 'one＠Example.com', password: PASSWORD })).body.email).toBe(
    'one@Example.com',
  );
  expectProblem(
    await register({ username: 'mail2', email: 'ONE@example.com', password: PASSWORD }),
    409,
    'email_taken',
  );
});

test('rejects a username that looks like an email address unless it is the user’s own', async () => {
  const boss = 'boss@example.com';
  expectFaults(await register({ username: boss, password: PASSWORD }), ['/username', 'username_invalid']);
  const another = { username: boss, email: 'other@example.com', password: PASSWORD };
  expectFaults(await register(another), ['/username', 'username_invalid']);
  expect((await register({ username: boss, email: 'BOSS@example.com', password: PASSWORD })).status).toBe(201);
});

test('of 50 concurrent registrations of one name, one gets 201 and 49 get 409 [ASVS 2.3.4]', async () => {
  const body = { username: 'everybody', password: PASSWORD };
  const answers = await Promise.all(Array.from({ length: 50 }, () => register(body)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([201, ...Array(49).fill(409)]);
});

test.each<[string, Record<string, unknown>, [string, string][]]>([
  ['an unknown member', { role: 'admin' }, [['/role', 'unknown_member']]],
  ['the id', { id: '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001' }, [['/id', 'unknown_member']]],
  ['email_verified', { email_verified: true }, [['/email_verified', 'unknown_member']]],
  ['constructor', { constructor: { prototype: {} } }, [['/constructor', 'unknown_member']]],
  ['a null email', { email: null }, [['/email', 'not_a_string']]],
  ['a null username', { username: null }, [['/username', 'not_a_string']]],
  ['a username that is a number', { username: 7 }, [['/username', 'not_a_string']]],
  ['a password that is an object', { password: {} }, [['/password', 'not_a_string']]],
  ['a password that is a list', { password: ['x'] }, [['/password', 'not_a_string']]],
  ['NUL in a password', { password: 'long enough\0but' }, [['/password', 'invalid_text']]],
  ['a lone surrogate in a username', { username: 'x\ud800' }, [['/username', 'invalid_text']]],
  ['an empty username', { username: '' }, [['/username', 'username_invalid']]],
  ['a username of spaces', { username: '  ' }, [['/username', 'username_invalid']]],
  ['a username with a line break', { username: 'a\nb' }, [['/username', 'username_invalid']]],
  ['a username of 65 characters', { username: 'x'.repeat(65) }, [['/username', 'username_invalid']]],
  ['a username of 1,024 units', { username: `i${'\u0307'.repeat(1023)}` }, [['/username', 'username_invalid']]],
  ['an email of 1,024 units', { email: `i${'\u0307'.repeat(1012)}@example.com` }, [['/email', 'email_invalid']]],
  ['an email with a line break', { email: 'a@example.com\r\nBcc: b@example.com' }, [['/email', 'email_invalid']]],
  ['an email with a quoted local part', { email: '"a b"@example.com' }, [['/email', 'email_invalid']]],
  ['an email without a domain', { email: 'a@' }, [['/email', 'email_invalid']]],
])(
  'rejects %s with 400 and changes nothing [ASVS 2.2.2, 1.3.11, 15.3.3] [attack: mass assignment, null where]',
  async (_, members, faults) => {
    expectFaults(await register({ username: 'refused', password: PASSWORD, ...members }), ...faults);
    expectProblem(
      await server.client.post('/auth/login', { body: { username: 'refused', password: PASSWORD } }),
      401,
      'invalid_credentials',
    );
  },
);

test('rejects __proto__ as malformed and changes no prototype [ASVS 15.3.6] [attack: pollution]', async () => {
  const body = `{"username":"proto","password":"${PASSWORD}","__proto__":{"isAdmin":true}}`;
  expectProblem(await register(body), 400, 'malformed_request');
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

test.each(['[]', '"text"', '7', 'null', '[{"username":"a"}]'])('rejects the body %s', async (body) => {
  const answer = await register(body);
  expect(answer.status).toBe(400);
});

test.each([
  ['7 characters', 'seven 7', 'password_too_short'],
  ['257 characters', 'x'.repeat(257), 'password_too_long'],
  ['4 emoji, which are 8 UTF-16 units', '🙂🙃😉😊', 'password_too_short'],
])('rejects a password of %s with 422 and the reason [ASVS 6.2.1]', async (_, password, code) => {
  const answer = await register({ username: 'pw', password });
  expectProblem(answer, 422, 'password_rejected');
  expect(answer.body.errors).toEqual([{ pointer: '/password', code, detail: expect.stringMatching(/8|256/) }]);
});

test('accepts passwords of 256 characters and of 64 emoji, and compares all of them', async () => {
  const emoji = '🙂'.repeat(63);
  for (const [username, password] of [
    ['longest', 'x'.repeat(256)],
    ['emoji', `${emoji}🙃`],
  ] as const) {
    expect((await register({ username, password })).status).toBe(201);
    await server.client.logIn(username, password);
  }
  const last = { username: 'emoji', password: `${emoji}🙂` };
  expectProblem(await server.client.post('/auth/login', { body: last }), 401, 'invalid_credentials');
});

test(`the tests use the ${isPostgres ? 'PostgreSQL' : 'embedded'} database`, () => {
  expect(server.config.databaseUrl !== undefined).toBe(isPostgres);
});
