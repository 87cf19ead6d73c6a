import { type Answer, PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { firstStep, logInWithTotp, STEP_MS, secondStep, signUpWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** POST /auth/second-factor: the second step of a login. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let users = 0;
const newUser = () => signUpWithTotp(server.client, `user-${++users}`, server.clock.now());
const now = () => server.clock.now();
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

test('the right password of a user with a second factor answers a token for the second step, and no session', async () => {
  const { username } = await newUser();
  const answer = await server.client.post('/auth/login', { body: { username, password: PASSWORD } });
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({
    code: 'second_factor_required',
    mfa_token: expect.stringMatching(/^[\w-]{43}$/),
    methods: ['totp', 'recovery_code'],
    expires_in: 300,
  });
  expect(answer.headers.getSetCookie()).toEqual([]);
  const wrong = await server.client.post('/auth/login', { body: { username, password: `${PASSWORD}!` } });
  expectProblem(wrong, 401, 'invalid_credentials');
});

test('a code starts a session whose access token says how and when the user authenticated', async () => {
  const { username, app } = await newUser();
  const { mfa_token } = await firstStep(server.client, username);
  server.clock.advance(20_000);
  const { status, body } = await secondStep(server.client, mfa_token, { totp: app.code(now()) });
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual([
    'access_token',
    'token_type',
    'expires_in',
    'refresh_token',
    'refresh_expires_in',
  ]);
  const { amr, auth_time: authTime, iat } = claimsOf(body.access_token);
  expect(amr).toEqual(['pwd', 'otp', 'mfa']);
  // The time of the second step, not of the first.
  expect(Math.abs(authTime - iat)).toBeLessThanOrEqual(1);
  const refreshed = await server.client.refresh(body.refresh_token);
  expect(claimsOf(refreshed.body.access_token)).toMatchObject({ amr, auth_time: authTime });
});

test('the session has the transport of the login that began it', async () => {
  const { username, app } = await newUser();
  const { mfa_token } = await firstStep(server.client, username, { transport: 'cookie' });
  const { status, body, headers } = await secondStep(server.client, mfa_token, { totp: app.code(now()) });
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(['user', 'csrf_token', 'expires_at']);
  const cookie = headers.getSetCookie().find((line) => line.startsWith('portero=')) as string;
  const me = await server.client.get('/users/me', { headers: { Cookie: cookie.split(';')[0] as string } });
  expect(me.body).toMatchObject({ username });
});

test('a code works once: neither it nor an earlier one is accepted again [ASVS 6.5.1]', async () => {
  const { username, app } = await newUser();
  const [current, earlier] = [app.code(now()), app.code(now() - STEP_MS)];
  const log = async (totp: string) =>
    secondStep(server.client, (await firstStep(server.client, username)).mfa_token, { totp });
  expect((await log(current)).status).toBe(200);
  expectProblem(await log(current), 401, 'second_factor_invalid');
  expectProblem(await log(earlier), 401, 'second_factor_invalid');
  server.clock.advance(STEP_MS);
  expectProblem(await log(current), 401, 'second_factor_invalid');
  expect((await log(app.code(now()))).status).toBe(200);
});

test('a code is accepted one time step early or late, and not two [ASVS 6.5.5]', async () => {
  const { username, app } = await newUser();
  server.clock.stop();
  const log = async (stepsAhead: number) => {
    const { mfa_token } = await firstStep(server.client, username);
    return (await secondStep(server.client, mfa_token, { totp: app.code(now() + stepsAhead * STEP_MS) })).status;
  };
  server.clock.advance(3 * STEP_MS);
  expect([await log(-2), await log(2), await log(-1)]).toEqual([401, 401, 200]);
  expect([await log(0), await log(1)]).toEqual([200, 200]);
});

test('the mfa_token works once, and not as an access token', async () => {
  const { username, app } = await newUser();
  const { mfa_token } = await firstStep(server.client, username);
  expectProblem(await server.client.get('/protected', { token: mfa_token }), 401, 'token_malformed');
  expect((await secondStep(server.client, mfa_token, { totp: app.code(now()) })).status).toBe(200);
  server.clock.advance(STEP_MS);
  expectProblem(await secondStep(server.client, mfa_token, { totp: app.code(now()) }), 401, 'mfa_token_invalid');
  for (const token of ['', 'x', 'A'.repeat(43), 'A'.repeat(10_000)]) {
    expectProblem(await secondStep(server.client, token, { totp: app.code(now()) }), 401, 'mfa_token_invalid');
  }
});

test('the mfa_token expires after five minutes', async () => {
  const { username, app } = await newUser();
  const tokens = [await firstStep(server.client, username), await firstStep(server.client, username)] as const;
  server.clock.advance(299_000);
  expect((await secondStep(server.client, tokens[0].mfa_token, { totp: app.code(now()) })).status).toBe(200);
  server.clock.advance(2000);
  const late = await secondStep(server.client, tokens[1].mfa_token, { totp: app.code(now() + STEP_MS) });
  expectProblem(late, 401, 'mfa_token_invalid');
});

test("another user's factor does not complete a login [ASVS 6.6.2]", async () => {
  const [ana, eve] = [await newUser(), await newUser()];
  const { mfa_token } = await firstStep(server.client, ana.username);
  const tries = [{ totp: eve.app.code(now()) }, { recovery_code: eve.recoveryCodes[0] }];
  for (const evidence of tries) {
    expectProblem(await secondStep(server.client, mfa_token, evidence), 401, 'second_factor_invalid');
  }
  // They are not used up.
  const own = await firstStep(server.client, eve.username);
  expect((await secondStep(server.client, own.mfa_token, { totp: eve.app.code(now()) })).status).toBe(200);
});

test('after five wrong codes, the mfa_token is worth nothing [ASVS 6.6.3]', async () => {
  const { username, app } = await newUser();
  const { mfa_token } = await firstStep(server.client, username);
  const tries: Answer<unknown>[] = [];
  for (let n = 0; n < 5; n++) tries.push(await secondStep(server.client, mfa_token, { totp: app.wrongCode(now()) }));
  for (const answer of tries) expectProblem(answer, 401, 'second_factor_invalid');
  expectProblem(await secondStep(server.client, mfa_token, { totp: app.code(now()) }), 401, 'mfa_token_invalid');
  // Also if they come at once.
  const other = await firstStep(server.client, username);
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => secondStep(server.client, other.mfa_token, { totp: app.wrongCode(now()) })),
  );
  const codes = answers.map(({ body }) => body.code);
  expect(codes.filter((code) => code === 'second_factor_invalid')).toHaveLength(5);
  expect(codes.filter((code) => code === 'mfa_token_invalid')).toHaveLength(11);
});

test('exactly one second factor is required', async () => {
  const { username, app, recoveryCodes } = await newUser();
  const { mfa_token } = await firstStep(server.client, username);
  expectFaults(await secondStep(server.client, mfa_token, {}), ['/totp', 'required']);
  const both = { totp: app.code(now()), recovery_code: recoveryCodes[0] };
  expectFaults(await secondStep(server.client, mfa_token, both), ['/recovery_code', 'unknown_member']);
  expectFaults(await secondStep(server.client, mfa_token, { totp: 287_082 }), ['/totp', 'not_a_string']);
  expect((await secondStep(server.client, mfa_token, { totp: app.code(now()) })).status).toBe(200);
});

test('a session that has passed a second factor keeps working, and logging in again needs it again', async () => {
  const user = await newUser();
  const { access_token: token } = await logInWithTotp(server, user);
  expect((await server.client.get('/protected', { token })).status).toBe(200);
  await firstStep(server.client, user.username);
});

test('another site cannot complete a cookie login [attack: login CSRF]', async () => {
  const { username, app } = await newUser();
  const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
  const step = async (transport: string) => {
    const { mfa_token } = await firstStep(server.client, username, { transport });
    const body = { mfa_token, totp: app.code(now()) };
    return await server.client.post('/auth/second-factor', { body, headers });
  };
  const refused = await step('cookie');
  expectProblem(refused, 403, 'csrf_failed');
  expect(refused.headers.getSetCookie()).toEqual([]);
  expect((await step('bearer')).status).toBe(200);
});
