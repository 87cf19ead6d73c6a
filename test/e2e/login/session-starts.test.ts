import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type Logger } from 'typeorm';
import { SignIn } from '../../../src/auth/sign-in.js';
import { Codes } from '../../../src/codes/codes.js';
import type { Purpose } from '../../../src/codes/purposes.js';
import { type Answer, type CallOptions, PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { passkeyCalls } from '../../support/passkey-calls.js';
import { documentedRoutes } from '../../support/routes.js';
import { secondFactorCalls } from '../../support/second-factor-calls.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';
import { addToyCredential } from '../../support/toy-credential/toy.module.js';
import { TOY_SECRET } from '../../support/toy-credential/toy-credential.js';

/** Every code path that creates a session goes through SignIn. */
let server: TestServer;
let service: Service;
addToyCredential();
beforeAll(async () => {
  server = await TestServer.start({ MAIL_SIGN_IN: 'on' });
  service = await Service.register(server);
});
afterAll(() => server.stop());

const NEW = 'another passphrase, as uncommon';
let user = 0;
const newName = () => `user-${++user}`;

/** One successful call by a new user. */
type Call = (path: string) => Promise<Answer<unknown>[]>;

const withToken =
  (method: string, body?: unknown): Call =>
  async (path) => {
    const { access_token: token } = await server.client.signUp(newName());
    return [await server.client.call(method, path, { token, ...(body === undefined ? {} : { body }) })];
  };

/** The same call once with a token and once with a cookie. */
const withEach =
  (method: string, body?: unknown): Call =>
  async (path) => {
    const name = newName();
    const byToken = await withToken(method, body)(path);
    await server.client.post('/auth/register', { body: { username: name, password: PASSWORD } });
    const session: CallOptions = await cookieSession(server.client, name);
    return [
      ...byToken,
      await server.client.call(method, path, { ...session, ...(body === undefined ? {} : { body }) }),
    ];
  };

const byCookie: Call = async (path) => {
  const name = newName();
  await server.client.post('/auth/register', { body: { username: name, password: PASSWORD } });
  return [await server.client.post(path, await cookieSession(server.client, name))];
};

const signingIn =
  (evidence: object): Call =>
  async (path) => {
    const username = newName();
    await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
    const post = (more: object) => server.client.post(path, { body: { username, ...evidence, ...more } });
    return [await post({}), await post({ transport: 'bearer' }), await post({ transport: 'cookie' })];
  };

const registering: Call = async (path) => [
  await server.client.post(path, { body: { username: newName(), password: PASSWORD } }),
];

const refreshing: Call = async (path) => {
  const { refresh_token } = await server.client.signUp(newName());
  const refresh = () => server.client.post(path, { body: { refresh_token } });
  return [await refresh(), await refresh()];
};

const asService: Call = async (path) => {
  const { access_token: token } = await server.client.signUp(newName());
  return [await service.post(path, new URLSearchParams({ token }).toString())];
};

const endingOwn: Call = async () => {
  const { access_token: token } = await server.client.signUp(newName());
  const { body } = await server.client.get<{ sessions: { id: string }[] }>('/auth/sessions', { token });
  return [await server.client.call('DELETE', `/auth/sessions/${body.sessions[0]?.id}`, { token })];
};

/** The end of the trust in a device, by a user who has one. */
const endingTrust: Call = async () => {
  const username = newName();
  const { access_token: token } = await server.client.signUp(username);
  const [device] = await server.get(DataSource).query(
    `INSERT INTO trusted_devices (id, user_id, device_id, created_at, expires_at)
     SELECT gen_random_uuid(), id, '\\x00', now(), now() + interval '1 d' FROM users WHERE username = $1 RETURNING id`,
    [username],
  );
  return [await server.client.call('DELETE', `/users/me/trusted-devices/${device.id}`, { token })];
};

/** A call by a signed-in user with an address, with a code as the mails contain. */
const mailed =
  (purpose: Purpose, bodyOf: (given: { email: string; token: string }) => object): Call =>
  async (path) => {
    const username = newName();
    const email = `${username}@example.com`;
    const { body: user } = await server.client.post<{ id: string }>('/auth/register', {
      body: { username, email, password: PASSWORD },
    });
    const { access_token } = await server.client.logIn(username);
    const data = { passwordHash: null };
    const { manager } = server.get(DataSource);
    const issued = await server.get(Codes).issue(manager, { purpose, userId: user.id, email, data });
    const body = bodyOf({ email, token: issued?.token as string });
    const needsToken = path.startsWith('/users/me') || path.endsWith('/verification');
    return [await server.client.post(path, { body, ...(needsToken ? { token: access_token } : {}) })];
  };

/** A successful call of each route that may change something. A new route must be added here. */
const CALLS: Record<string, Call> = {
  'POST /auth/register': registering,
  'POST /register': registering,
  'POST /auth/login': signingIn({ password: PASSWORD }),
  'POST /login': signingIn({ password: PASSWORD }),
  'POST /auth/toy': signingIn({ secret: TOY_SECRET }),
  'POST /auth/email/verification': mailed('verify_email', () => ({})),
  'POST /auth/email/verify': mailed('verify_email', ({ token }) => ({ token })),
  'POST /auth/email/confirm-change': mailed('change_email', ({ token }) => ({ token })),
  'POST /auth/email/undo-change': mailed('undo_email_change', ({ token }) => ({ token })),
  'POST /auth/mail-code': mailed('sign_in', ({ email }) => ({ email })),
  'POST /auth/mail-code/login': mailed('sign_in', ({ token }) => ({ token })),
  'POST /auth/password/forgot': mailed('reset_password', ({ email }) => ({ email })),
  'POST /auth/password/reset': mailed('reset_password', ({ token }) => ({ token, new_password: NEW })),
  'POST /users/me/email': mailed('change_email', ({ email }) => ({
    email: `new-${email}`,
    current_password: PASSWORD,
  })),
  'PATCH /users/me': withEach('PATCH', { language: 'es' }),
  'POST /auth/refresh': refreshing,
  'POST /refresh': refreshing,
  'POST /auth/logout': withEach('POST'),
  'POST /logout': withEach('POST'),
  'POST /auth/token': byCookie,
  'POST /protected': withEach('POST'),
  'POST /auth/step-up': withEach('POST', { password: PASSWORD }),
  'POST /users/me/password': withEach('POST', { current_password: PASSWORD, new_password: NEW }),
  'DELETE /users/me': withEach('DELETE', { password: PASSWORD }),
  'DELETE /auth/sessions': withEach('DELETE'),
  'DELETE /auth/sessions/{id}': endingOwn,
  'DELETE /users/me/trusted-devices/{id}': endingTrust,
  ...secondFactorCalls(() => server, newName),
  ...passkeyCalls(() => server, newName),
  'POST /oauth/introspect': asService,
  'POST /oauth/revoke': asService,
};

interface Insert {
  sql: string;
  /** The method of SignIn that ran the statement. */
  by: string | undefined;
}

/** Collects every INSERT into `sessions` while the given work runs. */
async function insertsDuring(work: () => Promise<unknown>): Promise<Insert[]> {
  const inside = new AsyncLocalStorage<string>();
  const signIn = server.get(SignIn) as unknown as Record<string, (...parameters: unknown[]) => unknown>;
  for (const method of ['complete', 'renew']) {
    const original = SignIn.prototype[method as 'complete'] as unknown as (...parameters: unknown[]) => unknown;
    signIn[method] = (...parameters) => inside.run(method, () => original.apply(signIn, parameters));
  }
  const inserts: Insert[] = [];
  const nothing = () => {};
  const logger: Logger = {
    logQuery: (sql) => {
      if (/insert\s+into\s+"?sessions"?\b/i.test(sql)) inserts.push({ sql, by: inside.getStore() });
    },
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: nothing,
  };
  const database = server.get(DataSource);
  const { logger: usual } = database;
  database.logger = logger;
  try {
    await work();
  } finally {
    database.logger = usual;
    for (const method of ['complete', 'renew']) delete signIn[method];
  }
  return inserts;
}

const count = async () =>
  (await server.get(DataSource).query('SELECT count(*)::int AS n FROM sessions'))[0].n as number;

test('every session that a route creates is created in SignIn', async () => {
  const routes = await documentedRoutes(server.client);
  const named = routes.map(({ method, path }) => `${method} ${path.replace(/01981f0e[^/]*/, '{id}')}`);
  const changing = named.filter((route) => !route.startsWith('GET '));
  expect(changing.sort()).toEqual(Object.keys(CALLS).sort());
  const starting: Record<string, (string | undefined)[]> = {};
  for (const route of named) {
    const [method = '', path = ''] = route.split(' ');
    const call = CALLS[route] ?? withToken(method);
    // The preparation of a call, such as a login, creates sessions with POST /auth/login.
    const before = await count();
    const inserts = await insertsDuring(async () => {
      for (const { status, text } of await call(path))
        if (status >= 400) throw new Error(`${route}: ${status} ${text}`);
    });
    expect(inserts.filter(({ by }) => by === undefined)).toEqual([]);
    const rows = await count();
    // The sessions of a deleted user are deleted with the user.
    if (route !== 'DELETE /users/me') expect(rows - before).toBe(inserts.length);
    starting[route] = inserts.map(({ by }) => by);
  }
  expect(starting['POST /auth/login']).toEqual(['complete', 'complete', 'complete']);
  expect(starting['POST /login']).toEqual(['complete', 'complete', 'complete']);
  expect(starting['POST /auth/mail-code/login']).toEqual(['complete', 'complete']);
  expect(starting['POST /auth/second-factor']).toEqual(['complete', 'complete', 'complete']);
  expect(starting['POST /auth/passkey']).toEqual(['complete', 'complete', 'complete']);
  expect(starting['POST /auth/enrolment/passkey']).toEqual(['complete']);
  expect(starting['POST /auth/enrolment/totp/confirm']).toEqual(['complete']);
  expect(starting['POST /auth/toy']).toEqual(['complete', 'complete', 'complete']);
  expect(starting['POST /users/me/password']?.at(-1)).toBe('renew');
  expect(starting['POST /auth/step-up']?.at(-1)).toBe('renew');
});

test('only one file inserts sessions, and only SignIn imports it', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('migrations'))
    .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }));
  const where = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
  expect(where(/(insert|merge)\s+into\s+(public\.)?"?sessions"?\b|copy\s+"?sessions"?\b/i)).toEqual([
    'sessions/new-sessions.ts',
  ]);
  expect(where(/new-sessions\.js'/).sort()).toEqual(['auth/sign-in.ts', 'sessions/sessions.module.ts']);
  // No file inserts a Session with the methods of TypeORM.
  expect(
    where(/\b(sessions|Session)\b[^;]{0,40}\.(save|insert|upsert)\(|\.(save|insert|upsert)\(\s*Session\b/),
  ).toEqual([]);
});
