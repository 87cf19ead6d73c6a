import { readFileSync } from 'node:fs';
import { OutboxWorker } from '../../../src/outbox/outbox-worker.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { isPostgres } from '../../support/engine.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { roundTripsDuring } from '../../support/round-trips.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';
import { tableRows } from '../../support/shared-table.js';

/**
 * The statements of each request, each of which is one round trip to the database: on PostgreSQL, and on the embedded
 * database, which counts rate limits in memory. docs/statements.md shows the same table.
 */
const STATEMENTS: Record<string, [postgres: number, embedded: number]> = {
  register: [2, 1],
  'register, with an address': [5, 4],
  'forgotten password': [3, 1],
  'login, bearer': [7, 4],
  'login, cookie': [7, 4],
  'login, wrong password': [7, 4],
  refresh: [2, 1],
  'logout, bearer': [2, 1],
  'logout, cookie': [2, 1],
  'protected, by token': [0, 0],
  'protected, by cookie, first on this instance': [1, 1],
  'protected, by cookie, remembered': [0, 0],
  'verify, by cookie, remembered': [0, 0],
  'access token of a cookie session': [3, 2],
  'own profile': [1, 1],
  'list of sessions': [1, 1],
  'list of events': [2, 2],
  'end of another session': [3, 2],
  'change of the password, bearer': [15, 14],
  'change of the password, cookie': [18, 16],
  introspection: [1, 1],
  'revocation by a service': [3, 2],
};

let server: TestServer;
let service: Service;
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
  service = await Service.register(server);
  // Mails are made in the background.
  await server.get(OutboxWorker).beforeApplicationShutdown();
  // So that no request below is the first of its kind.
  await server.client.signUp('warm-up');
});
afterAll(() => server.stop());

let users = 0;
const newUser = async () => {
  const username = `user-${++users}`;
  return { username, ...(await server.client.signUp(username)) };
};
const newCookie = async () => {
  const { username } = await newUser();
  return (await cookieSession(server.client, username)).headers;
};

/** Prepares a request, and returns a function that sends it. */
type Prepare = () => Promise<() => Promise<Answer<unknown>>>;

const REQUESTS: Record<keyof typeof STATEMENTS, Prepare> = {
  register: async () => () =>
    server.client.post('/auth/register', { body: { username: `user-${++users}`, password: PASSWORD } }),
  'register, with an address': async () => () => {
    const username = `user-${++users}`;
    return server.client.post('/auth/register', {
      body: { username, email: `${username}@example.com`, password: PASSWORD },
    });
  },
  'forgotten password': async () => () =>
    server.client.post('/auth/password/forgot', { body: { username: `nobody-${++users}` } }),
  'login, bearer': async () => {
    const { username } = await newUser();
    return () => server.client.post('/auth/login', { body: { username, password: PASSWORD } });
  },
  'login, cookie': async () => {
    const { username } = await newUser();
    return () => server.client.post('/auth/login', { body: { username, password: PASSWORD, transport: 'cookie' } });
  },
  'login, wrong password': async () => {
    const { username } = await newUser();
    return () => server.client.post('/auth/login', { body: { username, password: 'another passphrase' } });
  },
  refresh: async () => {
    const { refresh_token } = await newUser();
    return () => server.client.refresh(refresh_token);
  },
  'logout, bearer': async () => {
    const { access_token: token } = await newUser();
    return () => server.client.post('/auth/logout', { token });
  },
  'logout, cookie': async () => {
    const headers = await newCookie();
    return () => server.client.post('/auth/logout', { headers });
  },
  'protected, by token': async () => {
    const { access_token: token } = await newUser();
    return () => server.client.get('/protected', { token });
  },
  'protected, by cookie, first on this instance': async () => {
    const headers = await newCookie();
    // What this instance remembers of the session is too old by then.
    server.clock.advance(61_000);
    return () => server.client.get('/protected', { headers });
  },
  'protected, by cookie, remembered': async () => {
    const headers = await newCookie();
    await server.client.get('/protected', { headers });
    return () => server.client.get('/protected', { headers });
  },
  'verify, by cookie, remembered': async () => {
    const headers = await newCookie();
    await server.client.get('/protected', { headers });
    return () => server.client.get('/auth/verify', { headers });
  },
  'access token of a cookie session': async () => {
    const headers = await newCookie();
    return () => server.client.post('/auth/token', { headers });
  },
  'own profile': async () => {
    const { access_token: token } = await newUser();
    return () => server.client.get('/users/me', { token });
  },
  'list of sessions': async () => {
    const { access_token: token } = await newUser();
    return () => server.client.get('/auth/sessions', { token });
  },
  'list of events': async () => {
    const { access_token: token } = await newUser();
    return () => server.client.get('/users/me/events', { token });
  },
  'end of another session': async () => {
    const { username, access_token: token } = await newUser();
    await server.client.logIn(username);
    const { body } = await server.client.get<{ sessions: { id: string; current: boolean }[] }>('/auth/sessions', {
      token,
    });
    const other = body.sessions.find(({ current }) => !current);
    return () => server.client.call('DELETE', `/auth/sessions/${other?.id}`, { token });
  },
  'change of the password, bearer': async () => {
    const { access_token: token } = await newUser();
    const body = { current_password: PASSWORD, new_password: 'a new and uncommon passphrase' };
    return () => server.client.post('/users/me/password', { token, body });
  },
  'change of the password, cookie': async () => {
    const headers = await newCookie();
    const body = { current_password: PASSWORD, new_password: 'a new and uncommon passphrase' };
    return () => server.client.post('/users/me/password', { headers, body });
  },
  introspection: async () => {
    const { access_token } = await newUser();
    return () => service.introspect(access_token);
  },
  'revocation by a service': async () => {
    const { refresh_token } = await newUser();
    return () => service.revoke(refresh_token);
  },
};

test.each(Object.entries(STATEMENTS))('%s sends as many statements as the table says', async (name, expected) => {
  const send = await (REQUESTS[name] as Prepare)();
  let status = 0;
  const statements = await roundTripsDuring(async () => {
    status = (await send()).status;
  });
  expect(status).toBeLessThan(name === 'login, wrong password' ? 402 : 300);
  expect(statements).toHaveLength(expected[isPostgres ? 0 : 1]);
});

test('docs/statements.md shows these numbers', () => {
  const rows = tableRows(readFileSync('docs/statements.md', 'utf8')).slice(1);
  expect(
    Object.fromEntries(rows.map(([name, postgres, embedded]) => [name, [Number(postgres), Number(embedded)]])),
  ).toEqual(STATEMENTS);
});
