import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Requests with several faults, which are reported together. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const post = (path: string, body: unknown, headers = {}) => server.client.post(path, { body, headers });

test('registering and logging in without a name and a password report both faults', async () => {
  for (const body of [{}, undefined]) {
    expectFaults(await post('/auth/register', body), ['/username', 'required'], ['/password', 'required']);
  }
  expectFaults(await post('/auth/login', {}), ['/username', 'required'], ['/password', 'required']);
  expectFaults(await post('/auth/register', { password: 7 }), ['/username', 'required'], ['/password', 'not_a_string']);
  expectFaults(
    await post('/auth/register', { email: 'no address' }),
    ['/username', 'required'],
    ['/email', 'email_invalid'],
    ['/password', 'required'],
  );
  expectFaults(
    await post('/auth/register', { username: null }),
    ['/username', 'not_a_string'],
    ['/password', 'required'],
  );
});

test('every name that REGISTRATION_REQUIRES is reported, and no name is required if registration is closed', async () => {
  await server.restart({ REGISTRATION_REQUIRES: 'username,email' });
  const faults: [string, string][] = [
    ['/username', 'required'],
    ['/email', 'required'],
    ['/password', 'required'],
  ];
  expectFaults(await post('/auth/register', {}), ...faults);
  await server.restart({ REGISTRATION: 'closed' });
  expectProblem(await post('/auth/register', { password: PASSWORD }), 403, 'registration_closed');
  await server.restart({ REGISTRATION: 'open', REGISTRATION_REQUIRES: 'username' });
});

test.each(['/auth/refresh', '/refresh'])(
  '%s rejects a token in the header that differs from the one in the body',
  async (path) => {
    const tokens = await server.client.signUp(`user-of${path.replace(/\W/g, '-')}`);
    const other = await server.client.logIn(`user-of${path.replace(/\W/g, '-')}`);
    const body = { refresh_token: tokens.refresh_token };
    for (const token of [other.refresh_token, tokens.access_token, 'no token', '']) {
      const answer = await post(path, body, { Authorization: `Bearer ${token}` });
      expectFaults(answer, ['/refresh_token', 'two_tokens']);
    }
    expectFaults(await post(path, { refresh_token: '' }, { Authorization: `Bearer ${tokens.refresh_token}` }), [
      '/refresh_token',
      'two_tokens',
    ]);
    // Neither was used.
    const same = await post(path, body, { Authorization: `Bearer ${tokens.refresh_token}` });
    expect(same.status).toBe(200);
    expect((await server.client.post(path, { token: other.refresh_token })).status).toBe(200);
    // Credentials of another scheme are not our tokens.
    const next = { refresh_token: (same.body as { refresh_token: string }).refresh_token };
    expect((await post(path, next, { Authorization: 'Basic YTpi' })).status).toBe(200);
  },
);
