import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Csrf } from '../../../src/auth/access/csrf.js';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { Busy } from '../../../src/passwords/passwords.errors.js';
import { CookieSessions } from '../../../src/sessions/cookie-sessions.js';
import { LiveTokens } from '../../../src/sessions/live-tokens.js';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { type Answer, PASSWORD, type Tokens } from '../../support/client.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { TestServer } from '../../support/server.js';

/**
 * Attack row "fail open"; ASVS 16.5.1, 16.5.2, 16.5.3, 16.5.4: if anything fails during a request, the server rejects it,
 * leaves nothing half done, keeps running and recovers afterwards. The store of rate limits and the lockout are tested
 * in rate-limits.test.ts and lockout.test.ts.
 */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start({ ...LOCKOUT_ONLY, AUDIT_REFRESH: 'on' });
});
afterAll(() => server.stop());
afterEach(() => jest.restoreAllMocks());

interface Visitor {
  username: string;
  tokens: Tokens;
  /** A session for the logout. */
  parting: Tokens;
  /** A user for the password change. */
  other: Tokens;
  cookie: Record<string, string>;
}

async function newVisitor(): Promise<Visitor> {
  const username = `user-${++user}`;
  const tokens = await server.client.signUp(username);
  const body = { username, password: PASSWORD, transport: 'cookie' };
  const login = await server.client.post<{ csrf_token: string }>('/login', { body });
  const cookie = login.headers.getSetCookie().map((line) => line.split(';')[0] as string);
  const parting = await server.client.logIn(username);
  const other = await server.client.signUp(`${username}-other`);
  return {
    username,
    tokens,
    parting,
    other,
    cookie: { Cookie: cookie.join('; '), 'X-CSRF-Token': login.body.csrf_token },
  };
}

type Probe = (visitor: Visitor) => Promise<Answer<unknown>>;

const post = (path: string, body: object, options = {}) => server.client.post(path, { body, ...options });

/** One request of each kind. */
const PROBES = {
  protected: ({ tokens }) => server.client.get('/protected', { token: tokens.access_token }),
  cookie: ({ cookie }) => server.client.get('/auth/sessions', { headers: cookie }),
  csrf: ({ cookie }) => server.client.post('/protected', { headers: cookie }),
  register: ({ username }) => post('/register', { username: `${username}-friend`, password: PASSWORD }),
  login: ({ username }) => post('/login', { username, password: PASSWORD }),
  wrong: ({ username }) => post('/login', { username, password: 'not the password' }),
  refresh: ({ tokens }) => server.client.refresh(tokens.refresh_token),
  change: ({ other }) =>
    post(
      '/users/me/password',
      { current_password: PASSWORD, new_password: `${PASSWORD}!` },
      { token: other.access_token },
    ),
  events: ({ tokens }) => server.client.get('/users/me/events', { token: tokens.access_token }),
  logout: ({ parting }) => server.client.post('/logout', { token: parting.access_token }),
} satisfies Record<string, Probe>;
type ProbeName = keyof typeof PROBES;

async function probe(visitor: Visitor): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for (const [name, send] of Object.entries<Probe>(PROBES)) statuses[name] = (await send(visitor)).status;
  return statuses;
}

const FINE: Record<ProbeName, number> = {
  protected: 200,
  cookie: 200,
  csrf: 200,
  register: 201,
  login: 200,
  wrong: 401,
  refresh: 200,
  change: 204,
  events: 200,
  logout: 204,
};

/** Makes every statement that `matches` fail, on both engines. On PostgreSQL, lists of users use a separate pool. */
function breakQueries(matches: RegExp, error: object): void {
  for (const prototype of [Object.getPrototypeOf(server.get(DataSource).createQueryRunner()), pg.Pool.prototype]) {
    const original = prototype.query;
    jest.spyOn(prototype, 'query').mockImplementation(function (this: unknown, ...given: unknown[]) {
      if (matches.test(given[0] as string)) return Promise.reject(Object.assign(new Error('injected'), error));
      return original.apply(this, given);
    });
  }
}

const broken = () => {
  throw new Error('injected');
};

type Fault = [name: string, inject: () => void, refused: Partial<Record<ProbeName, number>>];

/** Requests that need no statement while the feed is fresh. */
const IN_MEMORY = { protected: 200 } as const;
const lost = (status: number): Record<ProbeName, number> => ({
  protected: status,
  cookie: status,
  csrf: status,
  register: status,
  login: status,
  wrong: status,
  refresh: status,
  change: status,
  events: status,
  logout: status,
});

const FAULTS: Fault[] = [
  ['the database is gone', () => breakQueries(/./, { code: 'ECONNREFUSED' }), { ...lost(503), ...IN_MEMORY }],
  ['the database is too slow', () => breakQueries(/./, { code: '57014' }), { ...lost(503), ...IN_MEMORY }],
  [
    'the database fails in a way nobody knows',
    () => breakQueries(/./, { code: 'XX000' }),
    { ...lost(500), ...IN_MEMORY },
  ],
  ['no transaction can be committed', () => breakQueries(/^COMMIT/, { code: '08006' }), { change: 503 }],
  [
    'no event can be written',
    () => breakQueries(/INSERT INTO audit_events/, { code: '53100' }),
    { register: 503, login: 503, wrong: 503, refresh: 503, change: 503, logout: 503 },
  ],
  [
    'the hasher fails',
    () => {
      jest.spyOn(server.get(PasswordHasher), 'verify').mockRejectedValue(new Error('injected'));
      jest.spyOn(server.get(PasswordHasher), 'hash').mockRejectedValue(new Error('injected'));
    },
    { register: 500, login: 500, wrong: 500, change: 500 },
  ],
  [
    'the hasher is busy',
    () => {
      jest.spyOn(server.get(PasswordHasher), 'verify').mockRejectedValue(new Busy());
      jest.spyOn(server.get(PasswordHasher), 'hash').mockRejectedValue(new Busy());
    },
    { register: 503, login: 503, wrong: 503, change: 503 },
  ],
  [
    'no token can be signed',
    () => jest.spyOn(server.get(SigningKeys), 'active', 'get').mockImplementation(broken),
    { login: 500, refresh: 500 },
  ],
  [
    'no token can be judged',
    () => jest.spyOn(server.get(LiveTokens), 'verify').mockImplementation(broken),
    { protected: 500, change: 500, events: 500 },
  ],
  [
    'no cookie can be judged',
    () => jest.spyOn(server.get(CookieSessions), 'verify').mockImplementation(broken),
    { cookie: 500, csrf: 500 },
  ],
  [
    'no origin can be judged',
    () => jest.spyOn(server.get(Csrf), 'checkOrigin').mockImplementation(broken),
    { csrf: 500 },
  ],
];

test.each(FAULTS)(
  '%s: rejects requests, leaves nothing half done and recovers without a restart [ASVS 16.5.3] [attack: fail open]',
  async (_, inject, refused) => {
    const visitor = await newVisitor();
    inject();
    expect(await probe(visitor)).toEqual({ ...FINE, ...refused });
    jest.restoreAllMocks();
    // The rejected change can still be made, so it had not been made.
    const again: Record<string, number> = {};
    for (const name of Object.keys(refused) as ProbeName[]) again[name] = (await PROBES[name](visitor)).status;
    expect(again).toEqual(Object.fromEntries(Object.keys(refused).map((name) => [name, FINE[name as ProbeName]])));
    expect((await server.client.get('/health/live')).status).toBe(200);
  },
);

test('without the audit table, rejects logins and changes nothing; recovers once it is back [ASVS 16.5.3]', async () => {
  const { username, tokens } = await newVisitor();
  const source = server.get(DataSource);
  const count = async () =>
    await source.query('SELECT (SELECT count(*) FROM sessions) AS s, (SELECT count(*) FROM users) AS u');
  const before = await count();
  await source.query('ALTER TABLE audit_events RENAME TO elsewhere');
  try {
    expectProblem(await post('/login', { username, password: PASSWORD }), 500, 'internal_error');
    expectProblem(await post('/login', { username, password: 'wrong' }), 500, 'internal_error');
    expectProblem(await post('/register', { username: `${username}-x`, password: PASSWORD }), 500, 'internal_error');
    expectProblem(await server.client.refresh(tokens.refresh_token), 500, 'internal_error');
    expectProblem(await server.client.post('/logout', { token: tokens.access_token }), 500, 'internal_error');
    expect((await server.client.get('/protected', { token: tokens.access_token })).status).toBe(200);
    expect(await count()).toEqual(before);
  } finally {
    await source.query('ALTER TABLE elsewhere RENAME TO audit_events');
  }
  expect((await server.client.refresh(tokens.refresh_token)).status).toBe(200);
  expect((await server.client.post('/logout', { token: tokens.access_token })).status).toBe(204);
});

testOnPostgres(
  'while a table is locked, a login fails after the database’s timeout and other requests succeed',
  async () => {
    const { username, tokens } = await newVisitor();
    const holder = server.get(DataSource).createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE');
    const login = post('/login', { username, password: PASSWORD });
    expect((await server.client.get('/users/me', { token: tokens.access_token })).status).toBe(200);
    expectProblem(await login, 503, 'unavailable');
    await holder.rollbackTransaction();
    await holder.release();
    expect((await post('/login', { username, password: PASSWORD })).status).toBe(200);
  },
);
