import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { AuditEvent } from '../../../src/audit/audit-event.entity.js';
import { RepeatedEvents } from '../../../src/audit/repeated-events.js';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { basic } from '../../support/service.js';

/** The audit trail: ASVS 16.1.1, 16.2.1, 16.3.1, 16.3.2, 16.3.3, 16.4.1. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  const limits = { ...LOCKOUT_ONLY, LIMIT_REFRESHES: '200/1m', MAX_SESSIONS_PER_USER: '3' };
  server = await TestServer.start({ ...limits, AUDIT_REFRESH: 'on' });
});
afterAll(() => server.stop());

const NEW = 'another passphrase, as uncommon';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const query = (sql: string, parameters: unknown[] = []) => server.get(DataSource).query(sql, parameters);
const signUp = () => server.client.signUp(`user-${++user}`);
const idOf = ({ access_token }: Tokens) => decodeJwt(access_token).sub as string;
const sidOf = ({ access_token }: Tokens) => decodeJwt(access_token).sid as string;

/** The rows of a user, the oldest first, without the times and ids. */
async function eventsOf(userId: string): Promise<object[]> {
  const rows: AuditEvent[] = await server
    .get(DataSource)
    .manager.find(AuditEvent, { where: { userId }, order: { id: 'ASC' } });
  return rows.map(({ type, result, details }) => ({ type, result, ...details }));
}

/** The audit rows and log lines of one request. */
async function traceOf(requestId: string | null) {
  const rows: Record<string, unknown>[] = await query('SELECT * FROM audit_events WHERE request_id = $1 ORDER BY id', [
    requestId,
  ]);
  const lines = server.log.filter((line) => line.context === 'audit' && line.request_id === requestId);
  return { rows, lines };
}

test('writes each event as one row and one log line with actor, type, time, address, result and request id [ASVS 16.2.1]', async () => {
  const tokens = await signUp();
  const credentials = { username: `user-${user}`, password: PASSWORD };
  const login = await server.client.post<Tokens>('/login', { body: credentials, headers: { 'User-Agent': FIREFOX } });
  const { rows, lines } = await traceOf(login.headers.get('x-request-id'));
  const recorded = {
    result: 'ok',
    user_id: idOf(tokens),
    actor: 'user',
    session_id: sidOf(login.body),
    ip: '127.0.0.1',
    user_agent: FIREFOX,
    request_id: login.headers.get('x-request-id'),
    details: { transport: 'bearer' },
  };
  expect(rows).toEqual([{ id: expect.any(String), occurred_at: expect.any(Date), type: 'login', ...recorded }]);
  const common = { service: 'portero', context: 'audit', level: 'info', time: expect.any(String) };
  expect(lines).toEqual([{ ...common, ...recorded, msg: 'login', event_id: rows[0]?.id }]);
});

test('records the whole life of an account, with the reason of each event [ASVS 16.3.1]', async () => {
  const first = await signUp();
  const next = (await server.client.refresh(first.refresh_token)).body;
  await server.client.post('/logout', { token: next.access_token });
  const second = await server.client.logIn(`user-${user}`);
  const third = await server.client.logIn(`user-${user}`);
  await server.client.call('DELETE', `/auth/sessions/${sidOf(third)}`, { token: second.access_token });
  await server.client.logIn(`user-${user}`);
  const passwords = { current_password: PASSWORD, new_password: NEW };
  await server.client.post('/users/me/password', {
    token: second.access_token,
    body: { ...passwords, current_password: 'x' },
  });
  await server.client.post('/users/me/password', { token: second.access_token, body: passwords });
  await server.client.call('DELETE', '/users/me', { token: second.access_token, body: { password: NEW } });
  const login = { type: 'login', result: 'ok', transport: 'bearer' };
  const ended = (reason: string) => ({ type: 'session.ended', result: 'ok', reason });
  const events = await eventsOf(idOf(first));
  expect(events.slice(0, 9)).toEqual([
    { type: 'registered', result: 'ok' },
    login,
    { type: 'refresh', result: 'ok' },
    { type: 'logout', result: 'ok', reason: 'logout' },
    login,
    login,
    ended('ended_by_user'),
    login,
    { type: 'password.refused', result: 'refused', code: 'wrong_password' },
  ]);
  // Events of one transaction have the same time.
  expect(events.slice(9, 11)).toEqual(
    expect.arrayContaining([{ type: 'password.changed', result: 'ok' }, ended('password_changed')]),
  );
  expect(events.slice(11)).toEqual(
    expect.arrayContaining([{ type: 'user.deleted', result: 'ok' }, ended('user_deleted')]),
  );
  expect(events).toHaveLength(13);
});

test('records the reason of a failed login but not the username as typed, which may be a password [ASVS 16.2.5]', async () => {
  const tokens = await signUp();
  const typed = 'my-secret-typed-into-the-wrong-field';
  const unknown = await server.client.post('/login', { body: { username: typed, password: PASSWORD } });
  const again = await server.client.post('/login', { body: { username: typed.toUpperCase(), password: PASSWORD } });
  const wrong = await server.client.post('/login', { body: { username: `user-${user}`, password: 'wrong' } });
  const [one, two, three] = await Promise.all(
    [unknown, again, wrong].map(async ({ headers }) => await traceOf(headers.get('x-request-id'))),
  );
  const details = { code: 'invalid_credentials', reason: 'unknown_user', name: expect.stringMatching(/^[0-9a-f]{6}$/) };
  expect(one?.rows).toMatchObject([{ type: 'login', result: 'refused', user_id: null, details }]);
  expect(one?.lines).toMatchObject([{ level: 'warn', msg: 'login', result: 'refused', details }]);
  expect(two?.rows[0]?.details).toEqual(one?.rows[0]?.details);
  expect(three?.rows).toMatchObject([{ user_id: idOf(tokens), details: { reason: 'wrong_password' } }]);
  const dump = JSON.stringify([server.log, await query('SELECT * FROM audit_events')]);
  expect(dump.toLowerCase()).not.toContain(typed);
});

test('records a lockout, a reused refresh token and a cross-site request [ASVS 16.3.3]', async () => {
  const tokens = await signUp();
  for (let n = 0; n < 7; n++) await server.client.post('/login', { body: { username: `user-${user}`, password: 'x' } });
  const { body: second } = await server.client.refresh(tokens.refresh_token);
  await server.client.refresh(second.refresh_token);
  server.clock.advance(60_000);
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'refresh_token_reused');
  expectProblem(await server.client.refresh(second.refresh_token), 401, 'session_revoked');
  const refused = { type: 'login', result: 'refused', code: 'invalid_credentials', reason: 'wrong_password' };
  expect(await eventsOf(idOf(tokens))).toEqual([
    { type: 'registered', result: 'ok' },
    { type: 'login', result: 'ok', transport: 'bearer' },
    ...Array(5).fill(refused),
    { type: 'login.locked', result: 'refused', code: 'too_many_attempts' },
    { type: 'refresh', result: 'ok' },
    { type: 'refresh', result: 'ok' },
    { type: 'session.ended', result: 'ok', reason: 'refresh_token_reused' },
    { type: 'refresh.reused', result: 'refused', code: 'refresh_token_reused', generation: 1 },
    { type: 'refresh', result: 'refused', code: 'session_revoked' },
  ]);
  const body = { username: `user-${user}`, password: PASSWORD, transport: 'cookie' };
  const crossSite = await server.client.post('/login', { body, headers: { Origin: 'https://evil.example' } });
  const { rows } = await traceOf(crossSite.headers.get('x-request-id'));
  expect(rows).toMatchObject([{ type: 'request.refused', details: { code: 'csrf_failed' } }]);
});

test('records sessions ended by the limit as actions of the system, and the retry of a refresh', async () => {
  const tokens = await signUp();
  await server.client.refresh(tokens.refresh_token);
  await server.client.refresh(tokens.refresh_token);
  for (let n = 0; n < 3; n++) await server.client.logIn(`user-${user}`);
  const rows = await query(`SELECT type, actor, details FROM audit_events WHERE session_id = $1 ORDER BY id`, [
    sidOf(tokens),
  ]);
  expect(rows).toMatchObject([
    { type: 'login' },
    { type: 'refresh', details: null },
    { type: 'refresh', details: { retry: true } },
    { type: 'session.ended', actor: 'system', details: { reason: 'too_many_sessions' } },
  ]);
});

test('records a flood of events in two rows a minute: the first event, and the number of the others', async () => {
  const answers: string[] = [];
  for (let n = 0; n < 230; n++) answers.push((await server.client.refresh('x')).body.code as string);
  expect(answers.filter((code) => code === 'too_many_requests').length).toBeGreaterThan(20);
  const rows = () => query(`SELECT details FROM audit_events WHERE type = 'limit.hit' ORDER BY id`);
  expect(await rows()).toEqual([{ details: { code: 'too_many_requests', limit: 'refreshes' } }]);
  await server.get(RepeatedEvents).write(true);
  const [, { details }] = await rows();
  const followed = answers.filter((code) => code === 'too_many_requests').length - 1;
  expect(details).toEqual({ code: 'too_many_requests', limit: 'refreshes', repeated: followed });
});

test('300 unknown clients from one address do not displace the events of others [attack: hiding in a flood]', async () => {
  server.clock.advance(60_000);
  await server.get(RepeatedEvents).write();
  const tokens = await signUp();
  const introspect = (id: string) =>
    server.client.post('/oauth/introspect', {
      body: 'token=x',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic(id, 'wrong') },
    });
  for (let n = 0; n < 300; n++) expect((await introspect(randomUUID())).status).toBe(401);
  const written = await query(`SELECT ip, details FROM audit_events WHERE type = 'client.refused'`);
  expect(written.length).toBeLessThanOrEqual(30);
  expect(new Set(written.map(({ ip }: { ip: string }) => ip))).toEqual(new Set(['127.0.0.1']));
  const body = { username: `user-${user}`, password: 'x' };
  for (let n = 0; n < 5; n++) expectProblem(await server.client.post('/login', { body }), 401, 'invalid_credentials');
  const locked = await server.client.post('/login', { body });
  expectProblem(locked, 429, 'too_many_attempts');
  const { rows } = await traceOf(locked.headers.get('x-request-id'));
  expect(rows).toEqual([expect.objectContaining({ type: 'login.locked', user_id: idOf(tokens), ip: '127.0.0.1' })]);
});

test('GET /users/me/events lists the user’s own events, the newest first, in pages', async () => {
  server.clock.advance(60_000);
  await signUp();
  const tokens = await signUp();
  await server.client.post('/login', {
    body: { username: `user-${user}`, password: PASSWORD },
    headers: { 'User-Agent': FIREFOX },
  });
  await server.client.post('/login', { body: { username: `user-${user}`, password: 'x' } });
  type Page = { events: Record<string, unknown>[]; next: string | null };
  const list = (search: string) => server.client.get<Page>(`/users/me/events${search}`, { token: tokens.access_token });
  const { status, body } = await list('');
  expect(status).toBe(200);
  expect(body.next).toBeNull();
  expect(body.events.map(({ type, result }) => [type, result])).toEqual([
    ['login', 'refused'],
    ['login', 'ok'],
    ['login', 'ok'],
    ['registered', 'ok'],
  ]);
  expect(body.events[1]).toEqual({
    id: expect.any(String),
    type: 'login',
    result: 'ok',
    occurred_at: expect.stringMatching(/Z$/),
    ip: '127.0.0.1',
    device: 'Firefox on Linux',
    session_id: expect.any(String),
  });
  const first = (await list('?limit=3')).body;
  const second = (await list(`?limit=3&before=${first.next}`)).body;
  expect([...first.events, ...second.events]).toEqual(body.events);
  expect(second.next).toBeNull();
  expect((await list('?type=registered')).body.events).toHaveLength(1);
  expectFaults(await list('?limit=0'), ['/limit', 'limit_out_of_range']);
  expectFaults(await list('?type=nothing'), ['/type', 'event_type_unknown']);
  expectFaults(await list('?before=1'), ['/before', 'not_an_id']);
  expectFaults(await list('?user_id=1'), ['/user_id', 'unknown_member']);
  expectProblem(await server.client.get('/users/me/events'), 401, 'token_missing');
});

test('records an automatic key rotation as an action of the system', async () => {
  server.clock.advance(31 * 86_400_000);
  const { kid } = server.get(SigningKeys).active;
  for (let n = 0; n < 50 && server.get(SigningKeys).active.kid === kid; n++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const rows = await query(`SELECT actor, details FROM audit_events WHERE type = 'key.rotated' ORDER BY id`);
  expect(rows.at(-1)).toEqual({ actor: 'system', details: { kid: server.get(SigningKeys).active.kid } });
  expect(server.log.filter(({ msg }) => msg === 'key.rotated')).toHaveLength(rows.length);
});
