import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { Account } from '../../../src/account/account.js';
import { SignIn } from '../../../src/auth/sign-in.js';
import type { ClientContext } from '../../../src/http/client-context.js';
import type { Principal } from '../../../src/http/principal.js';
import type { Tokens } from '../../support/client.js';
import { deviceCookie, LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';
import { Service } from '../../support/service.js';
import { addToyCredential } from '../../support/toy-credential/toy.module.js';
import { TOY_SECRET } from '../../support/toy-credential/toy-credential.js';

/** All that works for a credential that returns a Proof, shown with a toy credential that exists only in the tests. */
let server: TestServer;
let username: string;
let user = 0;
addToyCredential();
beforeAll(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
beforeEach(async () => {
  username = `user-${++user}`;
  await server.client.signUp(username);
});
afterAll(() => server.stop());

interface Shown {
  principal: Principal;
  client: ClientContext;
}

const AMR = ['otp', 'user'];
const byToy = <T = Tokens>(body: object = {}, headers: Record<string, string> = {}) =>
  server.client.post<T>('/auth/toy', { body: { username, secret: TOY_SECRET, ...body }, headers });
const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);
const idOf = async () => (await sql('SELECT id FROM users WHERE username = $1', [username]))[0].id as string;
const show = async (options: object) => (await server.client.get<Shown>('/auth/toy/request', options)).body;

/** A cookie session started with the toy credential, and the headers of its requests. */
async function cookieByToy(headers: Record<string, string> = {}) {
  const answer = await byToy<{ csrf_token: string }>({ transport: 'cookie' }, headers);
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('portero=')) as string;
  return { headers: { Cookie: cookie.split(';')[0] as string, 'X-CSRF-Token': answer.body.csrf_token } };
}

test('a session has the amr and auth_time of its proof, in the access token and in introspection', async () => {
  const before = server.clock.seconds();
  const { status, body: tokens } = await byToy();
  expect(status).toBe(200);
  const claims = decodeJwt(tokens.access_token) as { amr: string[]; auth_time: number; sid: string };
  expect(claims).toMatchObject({ sub: await idOf(), amr: AMR });
  expect(claims.auth_time).toBeGreaterThanOrEqual(before);
  expect(claims.auth_time).toBeLessThanOrEqual(server.clock.seconds());
  const service = await Service.register(server);
  const { body } = await service.introspect(tokens.access_token);
  expect(body).toMatchObject({ active: true, amr: AMR, auth_time: claims.auth_time, sid: claims.sid });
  expect((await server.client.get('/protected', { token: tokens.access_token })).body).toEqual({
    logged_in_as: username,
  });
});

test('a refresh, and its retry, keep amr and auth_time', async () => {
  const { body: tokens } = await byToy();
  const { amr, auth_time } = decodeJwt(tokens.access_token);
  server.clock.advance(60_000);
  const next = (await server.client.refresh(tokens.refresh_token)).body;
  expect(decodeJwt(next.access_token)).toMatchObject({ amr, auth_time });
  const retry = (await server.client.refresh(tokens.refresh_token)).body;
  expect(retry.refresh_token).toBe(next.refresh_token);
  expect(decodeJwt(retry.access_token)).toMatchObject({ amr: AMR, auth_time });
});

test('sessions started with a password have amr pwd, also if another credential is in use', async () => {
  const [first, { body: toy }, second] = [
    await server.client.logIn(username),
    await byToy(),
    await server.client.logIn(username),
  ];
  const amrs = [first, toy, second].map(({ access_token }) => decodeJwt(access_token).amr);
  expect(amrs).toEqual([['pwd'], AMR, ['pwd']]);
});

test('a token and a cookie lead to the same principal, with times in whole seconds', async () => {
  const { body: tokens } = await byToy();
  const byToken = (await show({ token: tokens.access_token })).principal;
  const { sid, auth_time } = decodeJwt(tokens.access_token) as { sid: string; auth_time: number };
  expect(byToken).toEqual({
    userId: await idOf(),
    sessionId: sid,
    transport: 'bearer',
    name: username,
    amr: AMR,
    authTime: new Date(auth_time * 1000).toISOString(),
  });
  const session = await cookieByToy();
  const { sessionId } = (await show(session)).principal;
  const authTime = new Date(Math.floor(Date.parse(byToken.authTime as unknown as string) / 1000) * 1000 + 999);
  await sql('UPDATE sessions SET auth_time = $2 WHERE id = $1', [sessionId, authTime]);
  // After the minute for which the session is cached.
  server.clock.advance(61_000);
  const byCookie = (await show(session)).principal;
  expect(byCookie).toEqual({ ...byToken, sessionId, transport: 'cookie' });
  expect(Object.keys(byCookie)).toEqual(Object.keys(byToken));
});

test('the client context has the address, user agent, request id and cookies, without cookies that were sent twice', async () => {
  const { headers } = await cookieByToy();
  const sent = { ...headers, 'User-Agent': 'a browser', 'X-Request-Id': 'r-1' };
  expect((await show({ headers: { ...sent, Cookie: `${headers.Cookie}; portero-device=d` } })).client).toEqual({
    ip: '127.0.0.1',
    userAgent: 'a browser',
    requestId: 'r-1',
    deviceCookie: 'd',
    sessionCookie: headers.Cookie.replace('portero=', ''),
  });
  const twice = await show({ headers: { ...sent, Cookie: `portero-device=a; ${headers.Cookie}; portero-device=b` } });
  expect(twice.client.deviceCookie).toBeUndefined();
  const other = await show({ headers: { ...sent, Cookie: `${headers.Cookie}; __Host-portero-device=d` } });
  expect(other.client.deviceCookie).toBeUndefined();
});

test('a password change renews a cookie session and keeps its amr and auth_time', async () => {
  const session = await cookieByToy();
  const before = (await show(session)).principal;
  server.clock.advance(60_000);
  const change = {
    current_password: 'a long and uncommon passphrase',
    new_password: 'another passphrase, as uncommon',
  };
  const answer = await server.client.post('/users/me/password', { ...session, body: change });
  expect(answer.status).toBe(204);
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('portero=')) as string;
  const after = (await show({ headers: { Cookie: cookie.split(';')[0] } })).principal;
  expect(after).toEqual({ ...before, sessionId: expect.any(String) });
  expect(after.sessionId).not.toBe(before.sessionId);
});

test('a cookie sign-in ends the session of the cookie that it replaces, and no other', async () => {
  const [former, other] = [await cookieByToy(), await cookieByToy()];
  const next = await cookieByToy(former.headers);
  const statuses = await Promise.all([former, other, next].map((session) => server.client.get('/protected', session)));
  expect(statuses.map(({ status }) => status)).toEqual([401, 200, 200]);
});

test('lists the new session with its start time', async () => {
  const { body: tokens } = await byToy();
  const { sid } = decodeJwt(tokens.access_token);
  const { body } = await server.client.get<{ sessions: { id: string; created_at: string }[] }>('/auth/sessions', {
    token: tokens.access_token,
  });
  expect(body.sessions[0]).toMatchObject({ id: sid, current: true, transport: 'bearer', ip: '127.0.0.1' });
  const [row] = await sql('SELECT started_at FROM sessions WHERE id = $1', [sid]);
  expect(body.sessions[0]?.created_at).toBe(row.started_at.toISOString());
});

test('records successful and failed sign-ins in the audit trail of the user', async () => {
  const { body: tokens } = await byToy();
  expectProblem(await byToy({ secret: 'not the toy’s secret' }), 401, 'invalid_credentials');
  const { sid } = decodeJwt(tokens.access_token);
  const { body } = await server.client.get<{ events: object[] }>('/users/me/events?type=login', {
    token: tokens.access_token,
  });
  expect(body.events.slice(0, 2)).toEqual([
    expect.objectContaining({ type: 'login', result: 'refused', session_id: null }),
    expect.objectContaining({ type: 'login', result: 'ok', session_id: sid }),
  ]);
});

test('counts attempts together with those of every other credential, and lets known devices through a lockout', async () => {
  const device = deviceCookie((await byToy()).headers);
  expect(device).toMatch(/^portero-device=/);
  for (let n = 0; n < 5; n++) {
    expectProblem(await byToy({ secret: 'not the toy’s secret' }), 401, 'invalid_credentials');
  }
  expectProblem(await byToy(), 429, 'too_many_attempts');
  const password = { username, password: 'a long and uncommon passphrase' };
  expectProblem(await server.client.post('/auth/login', { body: password }), 429, 'too_many_attempts');
  expect((await byToy({}, { Cookie: device })).status).toBe(200);
});

test('a route with @SignInRoute counts toward the rate limit of logins per address', async () => {
  await sql('DELETE FROM rate_limits');
  await server.restart({ LIMIT_LOGINS: '3/1m' });
  try {
    const answers = [];
    for (let n = 0; n < 4; n++) answers.push(await byToy());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"logins";q=3;w=60');
    expectProblem(answers[3] as (typeof answers)[0], 429, 'too_many_requests');
  } finally {
    await server.restart({ LIMIT_LOGINS: LOCKOUT_ONLY.LIMIT_LOGINS });
  }
});

test('a route with @SignInRoute rejects a cookie sign-in from another site, and validates its body', async () => {
  const elsewhere = { Origin: 'https://elsewhere.example' };
  expectProblem(await byToy({ transport: 'cookie' }, elsewhere), 403, 'csrf_failed');
  expect((await byToy({ transport: 'bearer' }, elsewhere)).status).toBe(200);
  expectFaults(await byToy({ transport: 'pigeon' }), ['/transport', 'transport_unknown']);
  expectFaults(await byToy({ role: 'admin' }), ['/role', 'unknown_member']);
  expectFaults(await byToy({ secret: undefined }), ['/secret', 'required']);
});

test('rejects a proof if the user was disabled or a credential was changed after it', async () => {
  const [{ id }] = await sql('SELECT id FROM users WHERE username = $1', [username]);
  const changes = [
    'UPDATE users SET disabled_at = now() WHERE id = $1',
    `UPDATE users SET credentials_changed_at = credentials_changed_at + interval '1 ms' WHERE id = $1`,
  ];
  for (const change of changes) {
    expectProblem(await signInDuring(() => sql(change, [id])), 401, 'session_revoked');
    await sql('UPDATE users SET disabled_at = NULL WHERE id = $1', [id]);
  }
  expect((await byToy()).status).toBe(200);
});

/** Signs in with the toy credential and runs something between the proof and the start of the session. */
async function signInDuring(work: () => Promise<unknown>) {
  const signIn = server.get(SignIn);
  const { complete } = signIn;
  signIn.complete = async (...parameters) => {
    await work();
    return await complete.apply(signIn, parameters);
  };
  try {
    return await byToy();
  } finally {
    signIn.complete = complete;
  }
}

test('a user without a password can delete the account with a proof of another credential', async () => {
  await sql('UPDATE users SET password_hash = NULL WHERE username = $1', [username]);
  const { body: tokens } = await byToy();
  const { principal, client } = await show({ token: tokens.access_token });
  const { access_token: token } = tokens;
  const byPassword = await server.client.call('DELETE', '/users/me', { token, body: { password: '' } });
  expectProblem(byPassword, 403, 'wrong_password');
  const account = server.get(Account);
  await expect(account.delete(principal, client, { toy: 'not the secret' })).rejects.toThrow('invalid_credentials');
  await expect(account.delete(principal, client, { toy: TOY_SECRET, password: 'x' })).rejects.toThrow('one piece');
  await account.delete(principal, client, { toy: TOY_SECRET });
  expectProblem(await server.client.get('/users/me', { token }), 401, 'token_revoked');
  expect(await sql('SELECT 1 FROM users WHERE username = $1', [username])).toEqual([]);
});
