import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { Csrf } from '../../../src/auth/access/csrf.js';
import { BatchConnections } from '../../../src/database/reserved-connections.js';
import { PasswordAttempts } from '../../../src/lockout/password-attempts.js';
import { PasswordHasher } from '../../../src/passwords/password-hasher.js';
import { PasswordPolicy } from '../../../src/passwords/password-policy.js';
import { CookieSessions } from '../../../src/sessions/cookie-sessions.js';
import { LiveTokens } from '../../../src/sessions/live-tokens.js';
import { Revocations } from '../../../src/sessions/revocation/revocations.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { isPostgres } from '../../support/engine.js';
import { fingerprint } from '../../support/everything.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Requests during which a part of the server fails. Each title names the ASVS requirements that it proves. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
afterEach(() => {
  jest.restoreAllMocks();
});

const NEW = 'another passphrase, as uncommon';
interface Operation {
  name: string;
  /** Prepares the data, and returns the function that runs the operation. */
  prepare: (username: string) => Promise<() => Promise<Answer<unknown>>>;
}
const withToken = (work: (token: string, refresh: string) => Promise<Answer<unknown>>) => async (username: string) => {
  const { access_token, refresh_token } = await server.client.signUp(username);
  return () => work(access_token, refresh_token);
};
const OPERATIONS: Operation[] = [
  {
    name: 'registering',
    prepare: async (username) => () => server.client.post('/auth/register', { body: { username, password: PASSWORD } }),
  },
  {
    name: 'changing the password',
    prepare: withToken((token) =>
      server.client.post('/users/me/password', { token, body: { current_password: PASSWORD, new_password: NEW } }),
    ),
  },
  {
    name: 'changing the password with a cookie',
    prepare: async (username) => {
      await server.client.post('/auth/register', { body: { username, password: PASSWORD } });
      const { headers } = await cookieSession(server.client, username);
      const body = { current_password: PASSWORD, new_password: NEW };
      return () => server.client.post('/users/me/password', { headers, body });
    },
  },
  {
    name: 'deleting the user',
    prepare: withToken((token) => server.client.call('DELETE', '/users/me', { token, body: { password: PASSWORD } })),
  },
  { name: 'a refresh', prepare: withToken((_, refresh) => server.client.refresh(refresh)) },
  { name: 'a logout', prepare: withToken((token) => server.client.post('/auth/logout', { token })) },
  {
    name: 'ending every session',
    prepare: withToken((token) => server.client.call('DELETE', '/auth/sessions', { token })),
  },
];

/** Makes the n-th writing statement fail, before or after the database has run it. */
function failAt(n: number, when: 'before' | 'after'): { reached: () => boolean } {
  let count = 0;
  let reached = false;
  const run = async <T>(sql: string, statement: () => Promise<T>, isInTransaction: () => boolean) => {
    const isOurs = /\b(INSERT|UPDATE|DELETE|COMMIT)\b/.test(sql) && !/login_failures|last_seen_at = seen/.test(sql);
    if (isOurs) count += 1;
    const isIt = isOurs && count === n;
    if (isIt) reached = true;
    if (isIt && when === 'before') throw new Error('the statement failed');
    const result = await statement();
    // A commit can't be rolled back, so only its response is lost.
    if (isIt && isInTransaction() && !/COMMIT/.test(sql)) throw new Error('the statement failed after it ran');
    return result;
  };
  const original = PostgresQueryRunner.prototype.query;
  jest.spyOn(PostgresQueryRunner.prototype, 'query').mockImplementation(function (
    this: PostgresQueryRunner,
    ...parameters: Parameters<typeof original>
  ) {
    return run(
      parameters[0],
      () => original.apply(this, parameters),
      () => this.isTransactionActive,
    );
  } as typeof original);
  // On the embedded database they use the query runners above.
  if (isPostgres) {
    const batches = server.get(BatchConnections);
    const { query } = batches;
    jest.spyOn(batches, 'query').mockImplementation((sql, parameters) =>
      run(
        sql,
        () => query(sql, parameters),
        () => false,
      ),
    );
  }
  return { reached: () => reached };
}

test.each(OPERATIONS)(
  '$name is done completely or not at all, whichever statement fails [ASVS 2.3.3]',
  async ({ name, prepare }) => {
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; n < 20; n++) {
        const run = await prepare(`${name.replaceAll(' ', '-')}-${when}-${n}`);
        const before = await fingerprint(server);
        const fault = failAt(n, when);
        const { status } = await run();
        jest.restoreAllMocks();
        if (!fault.reached()) {
          expect(n).toBeGreaterThan(1);
          expect(status).toBeLessThan(300);
          break;
        }
        if (status >= 500) expect([when, n, await fingerprint(server)]).toEqual([when, n, before]);
        else expect(status).toBeLessThan(300);
      }
    }
  },
);

const broken = () => {
  throw new Error('broken');
};

test('rejects the request if any check of its credentials fails, and recovers afterwards [ASVS 16.5.3, 16.5.2] [attack: fail open]', async () => {
  const { access_token: token } = await server.client.signUp('careful');
  const login = { username: 'careful', password: PASSWORD };
  const byCookie = await server.client.post<{ csrf_token: string }>('/auth/login', {
    body: { ...login, transport: 'cookie' },
  });
  const cookie = { Cookie: byCookie.headers.getSetCookie()[0]?.split(';')[0] as string };
  const csrf = { ...cookie, 'X-CSRF-Token': byCookie.body.csrf_token };
  const change = { token, body: { current_password: PASSWORD, new_password: NEW } };
  const parts: [object, string, () => Promise<Answer<unknown>>][] = [
    [server.get(LiveTokens), 'verify', () => server.client.get('/protected', { token })],
    [server.get(Revocations), 'has', () => server.client.get('/protected', { token })],
    [server.get(CookieSessions), 'verify', () => server.client.get('/protected', { headers: cookie })],
    [server.get(Csrf), 'check', () => server.client.post('/protected', { headers: csrf })],
    [server.get(PasswordHasher), 'verify', () => server.client.post('/auth/login', { body: login })],
    [server.get(PasswordAttempts), 'atLogin', () => server.client.post('/auth/login', { body: login })],
    [server.get(PasswordAttempts), 'inSession', () => server.client.post('/users/me/password', change)],
    [server.get(PasswordPolicy), 'check', () => server.client.post('/users/me/password', change)],
    [server.clock, 'now', () => server.client.get('/protected', { token })],
    [server.clock, 'now', () => server.client.post('/auth/login', { body: login })],
  ];
  for (const [part, method, ask] of parts) {
    const before = await fingerprint(server);
    const spy = jest.spyOn(part as Record<string, () => never>, method).mockImplementation(broken);
    const answer = await ask();
    spy.mockRestore();
    expectProblem(answer as Answer, 500, 'internal_error');
    expect(answer.text).not.toMatch(/broken/);
    expect([method, await fingerprint(server)]).toEqual([method, before]);
  }
  expect((await server.client.get('/protected', { token })).status).toBe(200);
  expect((await server.client.post('/auth/login', { body: login })).status).toBe(200);
});

test('logs every login and every rejection with time, address and outcome [ASVS 16.3.1, 16.3.2, 16.3.3]', async () => {
  const { access_token: token, refresh_token } = await server.client.signUp('logged');
  const wrong = { username: 'logged', password: 'not the password' };
  const asked: [string, string, number, Answer<unknown>][] = [
    ['POST', '/auth/login', 401, await server.client.post('/auth/login', { body: wrong })],
    ['POST', '/auth/login', 200, await server.client.post('/auth/login', { body: { ...wrong, password: PASSWORD } })],
    ['GET', '/protected', 401, await server.client.get('/protected', { token: `${token}x` })],
    [
      'POST',
      '/users/me/password',
      403,
      await server.client.post('/users/me/password', { token, body: { current_password: 'x', new_password: NEW } }),
    ],
    ['POST', '/auth/refresh', 200, await server.client.refresh(refresh_token)],
  ];
  server.clock.advance(60_000);
  asked.push(['POST', '/auth/refresh', 401, await server.client.refresh(refresh_token)]);
  for (const [method, path, status, { headers }] of asked) {
    const lines = server.log.filter(
      (line) => line.request_id === headers.get('x-request-id') && line.msg === 'request',
    );
    expect(lines).toEqual([
      expect.objectContaining({ method, path, status, ip: '127.0.0.1', time: expect.any(String) }),
    ]);
  }
  const reused = server.log.filter(({ context, msg }) => context === 'audit' && msg === 'refresh.reused');
  expect(reused).toEqual([expect.objectContaining({ level: 'warn', user_id: expect.any(String), ip: '127.0.0.1' })]);
});

test('the database contains no unencrypted password, token, cookie or key [ASVS 14.2.4] [attack: secrets at rest and in logs]', async () => {
  const tokens = await server.client.signUp('dumped', 'tangerine-otter-47');
  const cookie = await server.client.post('/auth/login', {
    body: { username: 'dumped', password: 'tangerine-otter-47', transport: 'cookie' },
  });
  const value = cookie.headers.getSetCookie()[0]?.split(/[=;]/)[1] as string;
  const tables: { name: string }[] = await server
    .get(DataSource)
    .query(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`);
  const rows = await Promise.all(
    tables.map(({ name }) => server.get(DataSource).query(`SELECT t::text AS row FROM "${name}" t`)),
  );
  const text = JSON.stringify(rows);
  expect(text).toContain('dumped');
  const secrets = ['tangerine-otter-47', tokens.access_token, tokens.refresh_token, value, 'PRIVATE KEY'];
  for (const secret of secrets) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString('hex'));
    expect(JSON.stringify(server.log)).not.toContain(secret);
  }
  // The first ASN.1 bytes of a P-256 private key in PKCS #8.
  expect(text).not.toContain('308187020100301306072a8648ce3d0201');
});
