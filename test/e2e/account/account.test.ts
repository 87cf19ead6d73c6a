import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { Cleanup } from '../../../src/database/cleanup.js';
import { ChangeFeed } from '../../../src/database/feed/change-feed.js';
import { Revocations } from '../../../src/sessions/revocation/revocations.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** Rows `POST /users/me/password` and `DELETE /users/me` of the contract. */
let server: TestServer;
let user = 0;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const NEW = 'another passphrase, as uncommon';
const signUp = () => server.client.signUp(`user-${++user}`);
const change = ({ access_token }: Tokens, body: object) =>
  server.client.post('/users/me/password', { token: access_token, body });
const deleteMe = ({ access_token }: Tokens, body: object) =>
  server.client.call('DELETE', '/users/me', { token: access_token, body });
const isAlive = async ({ access_token }: Tokens) =>
  (await server.client.get('/protected', { token: access_token })).status === 200;

test('after a password change only the new password works, and every other session ends [ASVS 6.2.2, 7.4.3]', async () => {
  const here = await signUp();
  const elsewhere = await server.client.logIn(`user-${user}`);
  expect((await change(here, { current_password: PASSWORD, new_password: NEW })).status).toBe(204);
  expect([await isAlive(here), await isAlive(elsewhere)]).toEqual([true, false]);
  expect((await server.client.refresh(here.refresh_token)).status).toBe(200);
  expectProblem(await server.client.refresh(elsewhere.refresh_token), 401, 'session_revoked');
  const old = { username: `user-${user}`, password: PASSWORD };
  expectProblem(await server.client.post('/login', { body: old }), 401, 'invalid_credentials');
  await server.client.logIn(`user-${user}`, NEW);
});

test('requires the current password and a new one that the policy accepts [ASVS 6.2.3, 7.5.1, 10.3.4]', async () => {
  const tokens = await signUp();
  expectProblem(await change(tokens, { current_password: 'wrong', new_password: NEW }), 403, 'wrong_password');
  const short = await change(tokens, { current_password: PASSWORD, new_password: 'zq9-kfv' });
  expectProblem(short, 422, 'password_rejected');
  expect(short.body.errors).toMatchObject([{ pointer: '/new_password', code: 'password_too_short' }]);
  expectFaults(await change(tokens, { new_password: NEW }), ['/current_password', 'required']);
  expectFaults(await change(tokens, { current_password: null, new_password: NEW }), [
    '/current_password',
    'not_a_string',
  ]);
  expectProblem(await server.client.post('/users/me/password', { body: {} }), 401, 'token_missing');
  await server.client.logIn(`user-${user}`);
});

test('deleting the user ends every session and makes the username available, also after a restart [ASVS 7.4.2]', async () => {
  const here = await signUp();
  const elsewhere = await server.client.logIn(`user-${user}`);
  expectProblem(await deleteMe(here, { password: 'wrong' }), 403, 'wrong_password');
  expect((await deleteMe(here, { password: PASSWORD })).status).toBe(204);
  for (const tokens of [here, elsewhere]) {
    expectProblem(await server.client.get('/users/me', { token: tokens.access_token }), 401, 'token_revoked');
    expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
  }
  const rows = await server.get(DataSource).query('SELECT 1 FROM users WHERE username = $1', [`user-${user}`]);
  expect(rows).toEqual([]);
  await server.restart();
  expectProblem(await server.client.get('/protected', { token: here.access_token }), 401, 'token_revoked');
  expect(await isAlive(await server.client.signUp(`user-${user}`))).toBe(true);
});

test('a disabled user can neither log in nor refresh [ASVS 7.4.2]', async () => {
  const tokens = await signUp();
  await server.get(DataSource).query('UPDATE users SET disabled_at = now() WHERE username = $1', [`user-${user}`]);
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
  const login = { username: `user-${user}`, password: PASSWORD };
  expectProblem(await server.client.post('/login', { body: login }), 401, 'invalid_credentials');
});

test('rejects a login that races the deletion of its user, and leaves no session', async () => {
  for (let round = 0; round < 20; round++) {
    const tokens = await signUp();
    const [login, deletion] = await Promise.all([
      server.client.post<Tokens>('/login', { body: { username: `user-${user}`, password: PASSWORD } }),
      deleteMe(tokens, { password: PASSWORD }),
    ]);
    expect(deletion.status).toBe(204);
    expect([200, 401]).toContain(login.status);
    if (login.status === 200) expect(await isAlive(login.body)).toBe(false);
  }
});

test('rejects or ends a login with the old password that races a password change', async () => {
  for (let round = 0; round < 20; round++) {
    const tokens = await signUp();
    const [login, changed] = await Promise.all([
      server.client.post<Tokens>('/login', { body: { username: `user-${user}`, password: PASSWORD } }),
      change(tokens, { current_password: PASSWORD, new_password: NEW }),
    ]);
    expect(changed.status).toBe(204);
    if (login.status === 200) expect(await isAlive(login.body)).toBe(false);
    else expect(login.status).toBe(401);
    expect(await isAlive(tokens)).toBe(true);
  }
});

test('ends every session of a user with more sessions than fit into one notification [attack: fail open]', async () => {
  const tokens = await signUp();
  const { sub } = decodeJwt(tokens.access_token) as { sub: string };
  const sessions: { id: string }[] = await server.get(DataSource).query(
    `INSERT INTO sessions
       (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at, expires_at, access_expires_at)
     SELECT gen_random_uuid(), $1, 'bearer', 1, now(), now(), now() + interval '1 d', now() + interval '1 d',
            now() + interval '1 d'
       FROM generate_series(1, 1500) RETURNING id`,
    [sub],
  );
  const revocations = server.get(Revocations);
  expect((await deleteMe(tokens, { password: PASSWORD })).status).toBe(204);
  expect(sessions.filter(({ id }) => !revocations.has(id))).toEqual([]);
});

test('deletes expired revocations and keeps those still needed (mutation: prune everything)', async () => {
  const long = await TestServer.start({ ACCESS_TOKEN_TTL: '1h' });
  try {
    const old = await long.client.signUp('old');
    await long.client.post('/logout', { token: old.access_token });
    long.clock.advance(3_000_000);
    const recent = await long.client.signUp('recent');
    await long.client.post('/logout', { token: recent.access_token });
    long.clock.advance(1_000_000);
    expect(await long.get(Cleanup).run()).toBe(1);
    await long.get(ChangeFeed).catchUp();
    expect(long.get(Revocations).size).toBe(1);
    const rows = await long.get(DataSource).query('SELECT session_id FROM revocations');
    expect(rows).toHaveLength(1);
    expectProblem(await long.client.get('/protected', { token: recent.access_token }), 401, 'token_revoked');
    expectProblem(await long.client.get('/protected', { token: old.access_token }), 401, 'token_expired');
  } finally {
    await long.stop();
    await server.restart();
  }
});
