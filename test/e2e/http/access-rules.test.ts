import { DataSource } from 'typeorm';
import { PASSWORD } from '../../support/client.js';
import { fingerprint } from '../../support/everything.js';
import { expectProblem } from '../../support/matchers.js';
import { OPERATIONS } from '../../support/operations.js';
import { TestServer } from '../../support/server.js';

/** Authorization of every operation, and absence of others. Each title names the ASVS requirements that it proves. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.client.post('/auth/register', {
    body: { username: 'ana', email: 'ana@example.com', password: PASSWORD },
  });
});
afterAll(() => server.stop());

const ID = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';
interface Document {
  paths: Record<string, Record<string, { requestBody?: unknown }>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
}
const readDocument = async () => (await server.client.get<Document>('/openapi.json')).body;
const call = (operation: string, headers: Record<string, string> = {}) => {
  const [method, path] = operation.split(' ') as [string, string];
  const isForm = path.startsWith('/oauth');
  const body = method === 'GET' ? {} : { body: isForm ? 'token=x' : {} };
  const type: Record<string, string> = isForm ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {};
  return server.client.call(method, path.replace('{id}', ID), { ...body, headers: { ...type, ...headers } });
};

test('there are no other operations, and none for administration [ASVS 8.2.1]', async () => {
  const { paths } = await readDocument();
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(Object.keys(OPERATIONS).sort());
});

test.each(Object.entries(OPERATIONS))(
  '%s requires %s, and no request header replaces it [ASVS 8.2.1, 8.3.1]',
  async (operation, asked) => {
    const claimed = {
      'X-User': 'ana',
      'X-User-Id': ID,
      'X-Forwarded-User': 'ana',
      'X-Remote-User': 'ana',
      'X-Original-URL': '/health/live',
      'X-HTTP-Method-Override': 'GET',
      Cookie: 'role=admin; user=ana; portero_admin=1',
    };
    for (const headers of [{}, claimed]) {
      const { status, headers: answered } = await call(operation, headers as Record<string, string>);
      if (asked === 'nothing') expect(status).not.toBe(401);
      else expect(status).toBe(401);
      if (asked === 'client') expect(answered.get('www-authenticate')).toMatch(/^Basic/);
    }
  },
);

test('a user cannot read or end the data of another user by an id in path, query or body [ASVS 8.2.2, 7.5.2] [attack: identity from the body]', async () => {
  const victim = await server.client.signUp('victim');
  const { access_token: token } = await server.client.signUp('mallory');
  const mine = await server.client.get<{ sessions: { id: string }[] }>('/auth/sessions', {
    token: victim.access_token,
  });
  const [{ id }] = mine.body.sessions as [{ id: string }];
  const { body: user } = await server.client.get<{ id: string }>('/users/me', { token: victim.access_token });
  expectProblem(await server.client.call('DELETE', `/auth/sessions/${id}`, { token }), 404, 'session_not_found');
  expect((await server.client.get<{ username: string }>(`/users/me?id=${user.id}`, { token })).body.username).toBe(
    'mallory',
  );
  for (const path of [`/users/${user.id}`, `/users/${user.id}/sessions`, '/users', '/users/victim']) {
    expectProblem(await server.client.get(path, { token }), 404, 'not_found');
  }
  const body = { current_password: PASSWORD, new_password: 'another passphrase, as uncommon', user_id: user.id };
  expectProblem(await server.client.post('/users/me/password', { token, body }), 400, 'validation_failed');
  const list = await server.client.get<{ sessions: { id: string }[] }>(`/auth/sessions?user_id=${user.id}`, { token });
  expect(list.body.sessions?.map((session) => session.id) ?? []).not.toContain(id);
  expect((await server.client.get('/protected', { token: victim.access_token })).status).toBe(200);
});

test('no field of a user can be written except the password and the language: unknown members are rejected [ASVS 8.2.3, 15.3.3]', async () => {
  const { access_token: token } = await server.client.signUp('writer');
  const before = await fingerprint(server);
  const body = { email_verified: true, role: 'admin', id: ID, disabled_at: null };
  expectProblem(await server.client.call('PATCH', '/users/me', { token, body }), 400, 'validation_failed');
  for (const method of ['PUT', 'POST'])
    expectProblem(await server.client.call(method, '/users/me', { token, body }), 405, 'method_not_allowed');
  const members = { username: 'boss', role: 'admin', email_verified: true, id: ID, created_at: '2000-01-01' };
  for (const [name, value] of Object.entries(members)) {
    const added = name === 'username' ? { user_name: value } : { [name]: value };
    const register = { username: 'w2', password: PASSWORD, ...added };
    expectProblem(await server.client.post('/auth/register', { body: register }), 400, 'validation_failed');
    const change = { current_password: PASSWORD, new_password: 'another passphrase', [name]: value };
    expectProblem(await server.client.post('/users/me/password', { token, body: change }), 400, 'validation_failed');
  }
  expect(await fingerprint(server)).toBe(before);
});

test('only users set their own password, and there are no hints or secret questions [ASVS 6.4.1, 6.4.2]', async () => {
  const { components } = await readDocument();
  const members = Object.entries(components.schemas).flatMap(([schema, { properties = {} }]) =>
    Object.keys(properties).map((name) => `${schema}.${name}`),
  );
  expect(members.filter((name) => /\.\w*password/i.test(name)).sort()).toEqual([
    'ChangeEmailRequest.current_password',
    'ChangePasswordRequest.current_password',
    'ChangePasswordRequest.new_password',
    'DeleteUserRequest.password',
    'LoginRequest.password',
    'RegisterRequest.password',
    'ResetPasswordRequest.new_password',
    // Whether there is one.
    'SecurityResponse.password',
    'StepUpRequest.password',
  ]);
  const columns: { name: string }[] = await server
    .get(DataSource)
    .query(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public'`,
    );
  const words = /hint|question|answer|initial|temporary/i;
  expect([...members, ...columns.map(({ name }) => name)].filter((name) => words.test(name))).toEqual([]);
});

test('rejects a step that is sent before the step that it requires [ASVS 2.3.1, 9.2.2]', async () => {
  const { client } = server;
  const nobody = { username: 'not-yet', password: PASSWORD };
  expectProblem(await client.post('/auth/login', { body: nobody }), 401, 'invalid_credentials');
  expectProblem(await client.post('/auth/refresh', { body: {} }), 401, 'refresh_token_invalid');
  const tokens = await client.signUp('not-yet');
  expectProblem(await client.refresh(tokens.access_token), 401, 'refresh_token_invalid');
  expectProblem(await client.get('/protected', { token: tokens.refresh_token }), 401, 'token_malformed');
  await client.post('/auth/logout', { token: tokens.access_token });
  expectProblem(await client.refresh(tokens.refresh_token), 401, 'session_revoked');
  const change = { current_password: PASSWORD, new_password: 'another passphrase, as uncommon' };
  const late = await client.post('/users/me/password', { token: tokens.access_token, body: change });
  expectProblem(late, 401, 'token_revoked');
});

test('responses about a user have only the documented members [ASVS 15.3.1, 14.2.6]', async () => {
  const { client } = server;
  const registered = await client.post('/auth/register', { body: { username: 'closed', password: PASSWORD } });
  const { access_token: token } = await client.logIn('closed');
  const me = await client.get('/users/me', { token });
  const user = ['created_at', 'email', 'email_verified', 'id', 'language', 'updated_at', 'username'];
  for (const { body } of [registered, me]) expect(Object.keys(body).sort()).toEqual(user);
  expect((await client.get('/protected', { token })).body).toEqual({ logged_in_as: 'closed' });
  const cookie = await client.post<{ user: object }>('/auth/login', {
    body: { username: 'closed', password: PASSWORD, transport: 'cookie' },
  });
  expect(Object.keys(cookie.body).sort()).toEqual(['csrf_token', 'expires_at', 'user']);
  expect(Object.keys(cookie.body.user).sort()).toEqual(user);
  const list = await client.get<{ sessions: object[] }>('/auth/sessions', { token });
  const members = [
    'created_at',
    'current',
    'device',
    'expires_at',
    'id',
    'ip',
    'last_seen_at',
    'transport',
    'user_agent',
  ];
  for (const session of list.body.sessions) expect(Object.keys(session).sort()).toEqual(members);
});

test('serves no path of monitoring, debugging, source control or administration [ASVS 13.4.1]', async () => {
  const { access_token: token } = await server.client.logIn('ana');
  const paths = `/metrics /debug /debug/pprof /status /health /actuator /actuator/env /admin /console /graphql /.git/HEAD
    /.git/config /.svn/entries /.env /.well-known/security /package.json /dist/main.js /src/main.ts /swagger.json
    /api-docs /docs/../package.json /docs-json /openapi.yaml /server-status /phpinfo.php`;
  for (const path of paths.split(/\s+/)) {
    for (const headers of [{}, { Authorization: `Bearer ${token}` }] as Record<string, string>[]) {
      const { status } = await server.client.get(path, { headers });
      expect([path, status]).toEqual([path, 404]);
    }
  }
});

test('responds to no request with a redirect, whatever target it names [ASVS 3.7.2]', async () => {
  const { access_token: token } = await server.client.logIn('ana');
  const elsewhere = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '%0d%0aLocation:x',
  ];
  const names = ['next', 'url', 'redirect', 'redirect_uri', 'return_to', 'continue', 'dest', 'RelayState'];
  for (const operation of Object.keys(OPERATIONS)) {
    const [method, path] = operation.split(' ') as [string, string];
    if (method !== 'GET') continue;
    for (const target of elsewhere) {
      const query = names.map((name) => `${name}=${encodeURIComponent(target)}`).join('&');
      const answer = await server.client.get(`${path}?${query}`, {
        token,
        headers: { Referer: target.replace(/%.*/, 'x') },
      });
      expect(answer.status < 300 || answer.status >= 400).toBe(true);
      expect(answer.headers.get('location')).toBeNull();
      expect(answer.headers.get('refresh')).toBeNull();
    }
  }
  const registered = await server.client.post('/auth/register?next=//evil.example', {
    body: { username: 'located', password: PASSWORD },
    headers: { 'X-Forwarded-Host': 'evil.example' },
  });
  expect(registered.headers.get('location')).toBe('/users/me');
});
