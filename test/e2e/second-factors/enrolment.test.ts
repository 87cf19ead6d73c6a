import { DataSource } from 'typeorm';
import { type Answer, PASSWORD, type Tokens } from '../../support/client.js';
import { expectProblem } from '../../support/matchers.js';
import {
  Authenticator,
  firstStep,
  logInWithTotp,
  STEP_MS,
  secondStep,
  setUpTotp,
  type Waiting,
} from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/** MFA=required: users without a second factor set one up when they log in. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ MFA: 'required' });
});
afterAll(() => server.stop());

let users = 0;
const now = () => server.clock.now();

async function newUser(): Promise<string> {
  const username = `user-${++users}`;
  await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
  return username;
}

async function begin({ mfa_token }: Waiting): Promise<Authenticator> {
  const { status, body, text } = await server.client.post<{ secret: string }>('/auth/enrolment/totp', {
    body: { mfa_token },
  });
  if (status !== 201) throw new Error(`the enrolment answered ${status}: ${text}`);
  return new Authenticator(body.secret);
}

type Enrolled = Tokens & { recovery_codes: string[]; code?: string; user?: object };
const confirm = ({ mfa_token }: Waiting, code: string): Promise<Answer<Enrolled>> =>
  server.client.post('/auth/enrolment/totp/confirm', { body: { mfa_token, code } });

test('the first login sets up an authenticator app, and answers a session and recovery codes [ASVS 6.3.3]', async () => {
  const username = await newUser();
  const waiting = await firstStep(server.client, username);
  expect(waiting).toMatchObject({ code: 'enrolment_required', methods: ['totp', 'passkey'], expires_in: 300 });
  const app = await begin(waiting);
  expectProblem(await confirm(waiting, app.wrongCode(now())), 400, 'code_invalid');
  const { status, body } = await confirm(waiting, app.code(now()));
  expect(status).toBe(200);
  expect(body.recovery_codes).toHaveLength(10);
  const payload = JSON.parse(Buffer.from(body.access_token.split('.')[1] as string, 'base64url').toString());
  expect(payload.amr).toEqual(['pwd', 'otp', 'mfa']);
  expect((await server.client.get('/protected', { token: body.access_token })).status).toBe(200);
  expect((await server.client.refresh(body.refresh_token)).status).toBe(200);
  // From now on the login asks for the second factor, and the token of the enrolment is used.
  expect(await firstStep(server.client, username)).toMatchObject({ code: 'second_factor_required' });
  expectProblem(await confirm(waiting, app.code(now() + STEP_MS)), 401, 'mfa_token_invalid');
  await logInWithTotp(server, { username, app, recoveryCodes: [], tokens: body });
  const events = await server.get(DataSource).query(
    `SELECT type, details->>'step' AS step, details->>'method' AS method FROM audit_events
      WHERE user_id = (SELECT id FROM users WHERE username = $1) ORDER BY id LIMIT 5`,
    [username],
  );
  expect(events).toEqual([
    { type: 'registered', step: null, method: null },
    { type: 'second_factor.requested', step: 'enrolment', method: null },
    { type: 'second_factor.added', step: null, method: 'totp' },
    { type: 'recovery_codes.created', step: null, method: null },
    { type: 'login', step: null, method: null },
  ]);
});

test('the session has the transport of the login', async () => {
  const waiting = await firstStep(server.client, await newUser(), { transport: 'cookie' });
  const app = await begin(waiting);
  const { body, headers } = await confirm(waiting, app.code(now()));
  expect(Object.keys(body)).toEqual(['user', 'csrf_token', 'expires_at', 'recovery_codes']);
  expect(headers.getSetCookie().some((line) => line.startsWith('portero='))).toBe(true);
});

test('a token for an enrolment proves no second factor, and the other way round', async () => {
  const username = await newUser();
  const waiting = await firstStep(server.client, username);
  const app = await begin(waiting);
  expectProblem(
    await secondStep(server.client, waiting.mfa_token, { totp: app.code(now()) }),
    401,
    'mfa_token_invalid',
  );
  expect((await confirm(waiting, app.code(now()))).status).toBe(200);
  const second = await firstStep(server.client, username);
  const body = { mfa_token: second.mfa_token };
  expectProblem(await server.client.post('/auth/enrolment/totp', { body }), 401, 'mfa_token_invalid');
  expectProblem(await confirm(second, app.code(now() + STEP_MS)), 401, 'mfa_token_invalid');
});

test('an enrolment that began earlier is no way around a factor added since [ASVS 6.3.3]', async () => {
  const username = await newUser();
  const [own, stolen] = [await firstStep(server.client, username), await firstStep(server.client, username)];
  const app = await begin(own);
  const { body } = await confirm(own, app.code(now()));
  // The user replaces the app; for the moment in between there is none that could be confirmed.
  await server.client.call('DELETE', '/users/me/totp', { token: body.access_token });
  const evil = await begin(stolen);
  await server.get(DataSource).query('UPDATE users SET has_second_factor = true WHERE username = $1', [username]);
  expectProblem(await confirm(stolen, evil.code(now())), 401, 'mfa_token_invalid');
  const [{ n }] = await server
    .get(DataSource)
    .query(
      `SELECT count(*)::int AS n FROM totp_secrets JOIN users ON id = user_id WHERE username = $1 AND confirmed_at IS NOT NULL`,
      [username],
    );
  expect(n).toBe(0);
});

test('of 16 enrolments of one user at once, one adds a factor', async () => {
  const username = await newUser();
  const waiting: Waiting[] = [];
  for (let n = 0; n < 16; n++) waiting.push(await firstStep(server.client, username));
  const app = await begin(waiting[0] as Waiting);
  const answers = await Promise.all(waiting.map((one) => confirm(one, app.code(now()))));
  const codes = answers.map(({ status, body }) => body.code ?? String(status)).sort();
  expect(codes).toEqual(['200', ...Array.from({ length: 15 }, () => 'mfa_token_invalid')]);
});

test('five wrong codes use the token up, and it expires after five minutes [ASVS 6.6.3]', async () => {
  const username = await newUser();
  const [first, second] = [await firstStep(server.client, username), await firstStep(server.client, username)];
  const app = await begin(first);
  for (let n = 0; n < 5; n++) expectProblem(await confirm(first, app.wrongCode(now())), 400, 'code_invalid');
  expectProblem(await confirm(first, app.code(now())), 401, 'mfa_token_invalid');
  server.clock.advance(301_000);
  expectProblem(await confirm(second, app.code(now())), 401, 'mfa_token_invalid');
});

test('a user may set up the app in a session too, and logs in with it', async () => {
  const username = await newUser();
  await server.restart({ MFA: 'optional' });
  const tokens = await server.client.logIn(username);
  await server.restart({ MFA: 'required' });
  const user = { username, tokens, ...(await setUpTotp(server.client, tokens.access_token, now())) };
  await logInWithTotp(server, user);
});
