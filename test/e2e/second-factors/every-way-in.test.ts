import { DataSource } from 'typeorm';
import { Codes } from '../../../src/codes/codes.js';
import { PATHS } from '../../../src/pages/page-routes.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { firstStep, setUpTotp, type UserWithTotp } from '../../support/second-factors.js';
import { TestServer } from '../../support/server.js';

/**
 * No route starts a session of a user with a second factor without that factor. The routes come from the OpenAPI document: all whose
 * responses contain tokens, or set a cookie. A new one must be added to ATTEMPTS.
 */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ MAIL_SIGN_IN: 'on' });
});
afterAll(() => server.stop());

const EMAIL = 'ana@example.com';
type Schema = { $ref?: string; properties?: Record<string, Schema> } & Record<string, unknown>;
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { headers?: object; content?: object }> }>>;
  components: { schemas: Record<string, Schema> };
}

/** The names of all members in a schema, through all references. */
function membersOf(schema: unknown, document: Document): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { $ref, properties } = schema as Schema;
  const referenced =
    $ref === undefined ? [] : membersOf(document.components.schemas[$ref.split('/').at(-1) ?? ''], document);
  const nested = Object.values(schema).flatMap((value) => membersOf(value, document));
  return [...Object.keys(properties ?? {}), ...referenced, ...nested];
}

/** The routes whose successful responses carry a session, or what belongs to one. */
async function routesWithSessions(): Promise<string[]> {
  const { body } = await server.client.get<Document>('/openapi.json');
  return Object.entries(body.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { responses }]) =>
        Object.entries(responses)
          .filter(([status]) => status.startsWith('2'))
          .some(([, { headers = {}, content }]) => {
            const members = membersOf(content, body);
            return 'Set-Cookie' in headers || members.some((name) => /_token$/.test(name));
          }),
      )
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
}

/** What somebody has who knows the password and reads the mail, but lacks the second factor. */
interface Known extends Pick<UserWithTotp, 'username'> {
  id: string;
  mfaToken: string;
}
type Attempt = (path: string, known: Known) => Promise<Answer<unknown>[]>;

const post = (path: string, body?: object, headers: Record<string, string> = {}) =>
  server.client.post(path, { ...(body && { body }), headers });

/** The password, in every transport. */
const withPassword: Attempt = async (path, { username }) => [
  await post(path, { username, password: PASSWORD }),
  await post(path, { email: EMAIL, password: PASSWORD, transport: 'bearer' }),
  await post(path, { username, password: PASSWORD, transport: 'cookie' }),
];

const withMailCode: Attempt = async (path, { id }) => {
  const answers: Answer<unknown>[] = [];
  for (const transport of ['bearer', 'cookie']) {
    const { manager } = server.get(DataSource);
    const issued = await server.get(Codes).issue(manager, { purpose: 'sign_in', userId: id, email: EMAIL });
    answers.push(await post(path, { token: issued?.token, transport }));
  }
  return answers;
};

/** The token of the first step, in place of a refresh token. */
const asRefreshToken: Attempt = async (path, { mfaToken }) => [await post(path, { refresh_token: mfaToken })];

/** The token of the first step, in place of an access token and of a session cookie. */
const asSession =
  (method: string, body?: object): Attempt =>
  async (path, { mfaToken }) => {
    const call = (headers: Record<string, string>) =>
      server.client.call(method, path, { ...(body && { body }), headers });
    return [
      await call({}),
      await call({ Authorization: `Bearer ${mfaToken}` }),
      await call({ Cookie: `portero=${mfaToken}` }),
    ];
  };

/** The first factor once more, in place of the second. */
const withoutFactor: Attempt = async (path, { mfaToken }) => {
  const evidence = [{}, { totp: '' }, { recovery_code: '' }, { totp: '000000' }, { password: PASSWORD }];
  const answers: Answer<unknown>[] = [];
  for (const one of evidence) answers.push(await post(path, { mfa_token: mfaToken, ...one }));
  return answers;
};

const enrolling: Attempt = async (path, { mfaToken }) => [
  await post(path, { mfa_token: mfaToken, code: '000000' }),
  await post(path, { mfa_token: mfaToken, credential: {} }),
];

const withCredential: Attempt = async (path) => [
  await post(path, { credential: {} }),
  await post(path, { credential: {}, transport: 'cookie' }),
];

const ATTEMPTS: Record<string, Attempt> = {
  'POST /auth/login': withPassword,
  'POST /login': withPassword,
  'POST /auth/mail-code/login': withMailCode,
  'POST /auth/refresh': asRefreshToken,
  'POST /refresh': asRefreshToken,
  'POST /auth/second-factor': withoutFactor,
  'POST /auth/enrolment/totp/confirm': enrolling,
  'POST /auth/enrolment/passkey': enrolling,
  'POST /auth/passkey': withCredential,
  'POST /auth/step-up': asSession('POST', { password: PASSWORD }),
  'POST /auth/token': asSession('POST'),
  'GET /auth/csrf': asSession('GET'),
  'POST /auth/logout': asSession('POST'),
  'POST /logout': asSession('POST'),
};

test('no route answers a session of a user with a second factor to somebody without it [ASVS 6.3.3, 6.3.4]', async () => {
  const { body: user } = await server.client.post<{ id: string }>('/auth/register', {
    body: { username: 'ana', email: EMAIL, password: PASSWORD },
  });
  await server.get(DataSource).query('UPDATE users SET email_verified = true');
  const own = await server.client.logIn('ana');
  await setUpTotp(server.client, own.access_token, server.clock.now());
  const sessions = () => server.get(DataSource).query('SELECT id FROM sessions');
  const before = await sessions();
  const routes = await routesWithSessions();
  expect(routes.length).toBeGreaterThanOrEqual(9);
  expect(routes.filter((route) => !(route in ATTEMPTS))).toEqual([]);
  for (const route of routes) {
    const { mfa_token: mfaToken } = await firstStep(server.client, 'ana');
    const attempt = ATTEMPTS[route] as Attempt;
    const answers = await attempt(route.split(' ')[1] as string, { id: user.id, username: 'ana', mfaToken });
    for (const { status, text, headers } of answers) {
      expect([route, status >= 400 && status < 500, text]).toEqual([route, true, expect.any(String)]);
      expect(text).not.toMatch(/"(access|refresh|csrf)_token"/);
      expect(headers.getSetCookie().filter((line) => /^(__Host-)?portero=[^;]/.test(line))).toEqual([]);
    }
  }
  expect(await sessions()).toEqual(before);
});

test('the page of a mail to sign in starts no session without the second factor [ASVS 6.3.4]', async () => {
  const [{ id }] = await server.get(DataSource).query(`SELECT id FROM users WHERE username = 'ana'`);
  const { manager } = server.get(DataSource);
  const issued = await server.get(Codes).issue(manager, { purpose: 'sign_in', userId: id, email: EMAIL });
  const sessions = () => server.get(DataSource).query('SELECT id FROM sessions');
  const before = await sessions();
  const answer = await server.client.post(PATHS.sign_in, {
    body: new URLSearchParams({ token: issued?.token as string }).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  expect(answer.headers.getSetCookie().filter((line) => /^(__Host-)?portero=[^;]/.test(line))).toEqual([]);
  expect(await sessions()).toEqual(before);
  // The code was right, and is used.
  expect(
    await server.get(DataSource).query(`SELECT FROM codes WHERE user_id = $1 AND purpose = 'sign_in'`, [id]),
  ).toEqual([]);
});

test('a session from before the second factor goes on, with the methods that it began with', async () => {
  const tokens = await server.client.signUp('berta');
  await setUpTotp(server.client, tokens.access_token, server.clock.now());
  const { status, body } = await server.client.refresh(tokens.refresh_token);
  expect(status).toBe(200);
  const payload = JSON.parse(Buffer.from(body.access_token.split('.')[1] as string, 'base64url').toString());
  expect(payload.amr).toEqual(['pwd']);
});
