import { DataSource } from 'typeorm';
import { Browser } from '../../support/browser.js';
import { type Answer, PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Rows `/auth/sessions` of the contract: users see and end their own sessions (ASVS 7.5.2). */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

interface Session {
  id: string;
  current: boolean;
  transport: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  ip: string | null;
  user_agent: string | null;
  device: string | null;
}
type List = { sessions: Session[] };

const name = () => `user-${user}`;
const signUp = () => server.client.signUp(`user-${++user}`);
const list = async (token: string) => {
  const { status, body } = await server.client.get<List>('/auth/sessions', { token });
  expect(status).toBe(200);
  return body.sessions;
};
const idOf = async (token: string) => (await list(token)).find(({ current }) => current)?.id as string;
const end = (token: string, path: string) => server.client.call('DELETE', `/auth/sessions${path}`, { token });
const isAlive = async (token: string) => (await server.client.get('/protected', { token })).status === 200;

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0';

test("lists the user's own active sessions with their details, the newest first", async () => {
  await signUp();
  const other = await signUp();
  const body = { username: name(), password: PASSWORD };
  server.clock.advance(1000);
  const headers = { 'User-Agent': FIREFOX };
  const { body: tokens } = await server.client.post<{ access_token: string }>('/login', { body, headers });
  server.clock.advance(1000);
  const browser = new Browser(server);
  await browser.logIn(name());
  server.clock.advance(5000);
  const { body: answer, headers: answered } = await browser.get<List>('/auth/sessions');
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const common = {
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    created_at: time,
    last_seen_at: time,
    expires_at: time,
  };
  expect(answer).toEqual({
    sessions: [
      { ...common, current: true, transport: 'cookie', ip: '127.0.0.1', user_agent: 'node', device: null },
      {
        ...common,
        current: false,
        transport: 'bearer',
        ip: '127.0.0.1',
        user_agent: FIREFOX,
        device: 'Firefox on Windows',
      },
      { ...common, current: false, transport: 'bearer', ip: '127.0.0.1', user_agent: 'node', device: null },
    ],
  });
  expect(answered.get('cache-control')).toBe('no-store');
  const [newest, middle] = answer.sessions as [Session, Session];
  expect(Date.parse(newest.last_seen_at) - Date.parse(newest.created_at)).toBeGreaterThanOrEqual(5000);
  expect(Date.parse(middle.expires_at) - Date.parse(middle.created_at)).toBe(30 * 86_400_000);
  expect((await list(tokens.access_token)).find(({ current }) => current)?.id).toBe(middle.id);
  expect((await list(other.access_token)).map(({ id }) => id)).toEqual(answer.sessions.map(({ id }) => id));
});

test('does not list sessions that ended, expired or passed the idle timeout', async () => {
  const tokens = await signUp();
  const gone = await server.client.logIn(name());
  await server.client.post('/logout', { token: gone.access_token });
  const idle = new Browser(server);
  await idle.logIn(name());
  expect(await list(tokens.access_token)).toHaveLength(2);
  server.clock.advance(31 * 60_000);
  const { body: fresh } = await server.client.refresh(tokens.refresh_token);
  expect((await list(fresh.access_token)).map(({ transport }) => transport)).toEqual(['bearer']);
  server.clock.advance(15 * 86_400_000);
  const last = await server.client.logIn(name());
  expect(await list(last.access_token)).toHaveLength(1);
});

test('ending a session revokes only its own tokens at once, and can be repeated', async () => {
  const [here, there] = [await signUp(), await server.client.logIn(name())];
  const id = await idOf(there.access_token);
  for (let time = 0; time < 2; time++) {
    const answer = await end(here.access_token, `/${id}`);
    expect([answer.status, answer.text, answer.headers.get('clear-site-data')]).toEqual([204, '', null]);
  }
  expectProblem(await server.client.get('/protected', { token: there.access_token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(there.refresh_token), 401, 'session_revoked');
  expect(await isAlive(here.access_token)).toBe(true);
  expect((await end(here.access_token, `/${id.toUpperCase()}`)).status).toBe(204);
});

test('responds with not found for sessions of other users and for unknown ids [attack: identity from the body]', async () => {
  const victim = await signUp();
  const victimId = await idOf(victim.access_token);
  const { access_token } = await signUp();
  const answers: Answer[] = [];
  for (const id of [
    victimId,
    '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001',
    '00000000-0000-0000-0000-000000000000',
    'current',
    'me',
    '1',
    `${victimId} `,
    `${victimId}'--`,
    'x'.repeat(5000),
  ]) {
    const answer = await end(access_token, `/${encodeURIComponent(id)}`);
    if (answer.body.code !== 'not_found') expectProblem(answer, 404, 'session_not_found');
    expect(answer.status).toBe(404);
    answers.push(answer);
  }
  const [of, none] = answers.map(({ body }) => ({ ...body, request_id: '' }));
  expect(of).toEqual(none);
  expect(await isAlive(victim.access_token)).toBe(true);
  expect((await list(access_token)).map(({ id }) => id)).not.toContain(victimId);
});

test('ending all sessions ends the current one too, unless keep=current is given', async () => {
  const [here, there, further] = [await signUp(), await server.client.logIn(name()), await server.client.logIn(name())];
  const browser = new Browser(server);
  await browser.logIn(name());
  expect((await end(here.access_token, '?keep=current')).status).toBe(204);
  expect(await Promise.all([here, there, further].map((one) => isAlive(one.access_token)))).toEqual([
    true,
    false,
    false,
  ]);
  expect(await browser.status()).toBe(401);
  const again = await server.client.logIn(name());
  expect((await end(here.access_token, '')).status).toBe(204);
  expect(await Promise.all([here, again].map((one) => isAlive(one.access_token)))).toEqual([false, false]);
  await server.client.logIn(name());
});

test.each<[string, string, string]>([
  ['?keep=curent', '/keep', 'keep_unknown'],
  ['?keep=', '/keep', 'keep_unknown'],
  ['?keep=current&keep=current', '/keep', 'keep_unknown'],
  ['?kep=current', '/kep', 'unknown_member'],
  ['?keep=current&x=1', '/x', 'unknown_member'],
  ['?__proto__=current', '/__proto__', 'unknown_member'],
  ['?a%2Fb~c=1', '/a~1b~0c', 'unknown_member'],
])('DELETE /auth/sessions%s is rejected and ends nothing', async (query, pointer, code) => {
  const [here, there] = [await signUp(), await server.client.logIn(name())];
  expectFaults(await end(here.access_token, query), [pointer, code]);
  expect([await isAlive(here.access_token), await isAlive(there.access_token)]).toEqual([true, true]);
});

test('clears the cookie only if its own session ends', async () => {
  const browser = await Browser.signUp(server, `user-${++user}`);
  const other = new Browser(server);
  await other.logIn(name());
  const idOfOther = (await other.get<List>('/auth/sessions')).body.sessions.find(({ current }) => current)?.id;
  const answers = [await browser.delete(`/auth/sessions/${idOfOther}`)];
  answers.push(await browser.delete('/auth/sessions?keep=current'));
  for (const answer of answers) {
    expect([answer.status, browser.setCookies, answer.headers.get('clear-site-data')]).toEqual([204, [], null]);
  }
  expect(await other.status()).toBe(401);
  const { sessions } = (await browser.get<List>('/auth/sessions')).body;
  expect(sessions).toHaveLength(1);
  const last = await browser.delete(`/auth/sessions/${sessions[0]?.id.toUpperCase()}`);
  expect([last.status, last.headers.get('clear-site-data')]).toEqual([204, '"cache", "storage"']);
  expect(browser.setCookies).toEqual(['portero=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  await browser.logIn(name());
  const all = await browser.delete('/auth/sessions');
  expect([all.status, browser.cookie, all.headers.get('clear-site-data')]).toEqual([
    204,
    undefined,
    '"cache", "storage"',
  ]);
});

test('rejects listing and ending sessions without a credential', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['DELETE', '/01981f0e-6d3a-7c55-b1a4-0a2f0c9be001'],
  ] as const) {
    expectProblem(await server.client.call(method, `/auth/sessions${path}`), 401, 'token_missing');
  }
  const tokens = await signUp();
  await server.client.post('/logout', { token: tokens.access_token });
  expectProblem(await server.client.get('/auth/sessions', { token: tokens.access_token }), 401, 'token_revoked');
});

test.each<[string, string]>([
  ['markup', '<script>alert(1)</script>/1.0 (<img src=x>)'],
  ['terminal codes', '\x80\x9b31m evil/1.0 (\x9b2J) '],
  ['512 slashes', '/ ('.repeat(4000)],
  ['8 kB of one letter', 'a'.repeat(8000)],
])('stores at most 512 characters of a user agent of %s and derives no device name', async (_, agent) => {
  await server.client.post('/register', { body: { username: `user-${++user}`, password: PASSWORD } });
  const headers = { 'User-Agent': agent };
  const body = { username: name(), password: PASSWORD };
  const { body: tokens } = await server.client.post<{ access_token: string }>('/login', { body, headers });
  const [session] = (await list(tokens.access_token)) as [Session];
  expect([session.user_agent, session.device]).toEqual([agent.trim().slice(0, 512), null]);
});

test('lists a session without a user agent if none was stored', async () => {
  const { access_token } = await signUp();
  const sql = `UPDATE sessions SET ip = NULL, user_agent = NULL
                WHERE user_id = (SELECT id FROM users WHERE username = $1)`;
  await server.get(DataSource).query(sql, [name()]);
  expect(await list(access_token)).toMatchObject([{ ip: null, user_agent: null, device: null }]);
});
