import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { migrate } from '../../../src/database/migrate.js';
import { Proofs1763900000000 } from '../../../src/database/migrations/1763900000000-proofs.js';
import { migrations } from '../../../src/database/migrations/index.js';
import { NewSessions } from '../../../src/sessions/new-sessions.js';
import { UsersService } from '../../../src/users/users.service.js';
import { PASSWORD, type Tokens } from '../../support/client.js';
import { cookieSession } from '../../support/cookie-session.js';
import { deviceCookie, LOCKOUT_ONLY } from '../../support/limits-on.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

/** The migration that stores amr and credentials_changed_at, up and down with data. */
let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start(LOCKOUT_ONLY);
});
afterEach(() => server.stop());

const sql = (text: string, parameters: unknown[] = []) => server.get(DataSource).query(text, parameters);
const logIn = (username: string, password = PASSWORD, cookie = '') =>
  server.client.post<Tokens>('/auth/login', {
    body: { username, password },
    headers: cookie ? { Cookie: cookie } : {},
  });
/** Reverts this migration and those after it. */
async function down(): Promise<void> {
  for (let n = migrations.length; n > migrations.indexOf(Proofs1763900000000); n--) {
    await migrate(server.get(DataSource), 'revert');
  }
}
const up = () => migrate(server.get(DataSource));

test('keeps all sessions and known devices, and gives every session the amr pwd', async () => {
  await server.client.post('/auth/register', { body: { username: 'ana', password: PASSWORD } });
  const login = await logIn('ana');
  const device = deviceCookie(login.headers);
  const cookie = await cookieSession(server.client, 'ana');
  await down();
  await sql(`UPDATE sessions SET auth_time = auth_time - interval '1 h', expires_at = expires_at - interval '1 h'`);
  await up();
  const rows = await sql(
    `SELECT s.amr, s.started_at = s.auth_time AS same, u.credentials_changed_at = u.updated_at AS stamped
       FROM sessions s JOIN users u ON u.id = s.user_id`,
  );
  expect(rows).toEqual([
    { amr: ['pwd'], same: true, stamped: true },
    { amr: ['pwd'], same: true, stamped: true },
  ]);
  expect((await server.client.get('/protected', { token: login.body.access_token })).status).toBe(200);
  expect((await server.client.get('/protected', cookie)).status).toBe(200);
  const next = (await server.client.refresh(login.body.refresh_token)).body;
  const { auth_time } = decodeJwt(login.body.access_token) as { auth_time: number };
  expect(decodeJwt(next.access_token)).toMatchObject({ amr: ['pwd'], auth_time: auth_time - 3600 });
  for (let n = 0; n < 5; n++) await logIn('ana', 'not the password');
  expectProblem(await logIn('ana'), 429, 'too_many_attempts');
  expect((await logIn('ana', PASSWORD, device)).status).toBe(200);
});

test('down ends sessions of other credentials and keeps users without a password, and up works again', async () => {
  const tokens = await server.client.signUp('ana');
  await server.client.signUp('ben');
  const user = await server.get(UsersService).findForLogin({ username: 'ben' });
  if (user === null) throw new Error('ben is not there');
  const client = { ip: '127.0.0.1', requestId: 'r' };
  await server.get(NewSessions).start({ user, amr: ['hwk', 'user'], at: new Date() }, client, 'bearer', {
    requireNoSecondFactor: false,
    newDevice: undefined,
  });
  await sql('UPDATE users SET password_hash = NULL WHERE id = $1', [user.id]);
  await down();
  expect(await sql('SELECT count(*)::int AS n FROM sessions')).toEqual([{ n: 2 }]);
  expect(await sql(`SELECT password_hash FROM users WHERE username = 'ben'`)).toEqual([{ password_hash: null }]);
  await up();
  expectProblem(await logIn('ben'), 401, 'invalid_credentials');
  expect((await server.client.refresh(tokens.refresh_token)).status).toBe(200);
});

/** Statements that the release before this migration runs on the new schema, while both are running. */
const FORMER = {
  start: `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at, expires_at,
                                access_expires_at, ip, user_agent)
          SELECT gen_random_uuid(), u.id, 'cookie', 1, now(), now(), now() + interval '1 d', now() + interval '1 d', now(),
                 NULL, NULL FROM users u WHERE u.username = $1 AND u.updated_at = $2`,
  register: `INSERT INTO users (id, username, username_key, email, email_key, email_verified, password_hash, disabled_at,
                                created_at, updated_at)
             SELECT gen_random_uuid(), 'former', 'former', NULL, NULL, false, password_hash, NULL, now(), now()
               FROM users WHERE username = $1`,
  setPassword: `UPDATE users SET password_hash = password_hash || 'x',
                       updated_at = GREATEST(now(), updated_at + interval '1 ms') WHERE username = $1`,
  disable: `UPDATE users SET disabled_at = now(), updated_at = GREATEST(now(), updated_at + interval '1 ms') WHERE username = $1`,
  rehash: `UPDATE users SET password_hash = password_hash || 'y' WHERE username = $1`,
};

test('the former release works on the new schema, and this release sees its changes', async () => {
  const tokens = await server.client.signUp('ana');
  const stamps = async () => {
    const rows = await sql('SELECT updated_at, credentials_changed_at FROM users WHERE username = $1', ['ana']);
    return rows[0] as { updated_at: Date; credentials_changed_at: Date };
  };
  const stamp = async () => (await stamps()).credentials_changed_at.getTime();
  await sql(FORMER.start, ['ana', (await stamps()).updated_at]);
  const [started] = await sql(`SELECT amr, abs(extract(epoch FROM started_at - auth_time))::float8 AS apart
                                 FROM sessions WHERE transport = 'cookie'`);
  expect(started).toEqual({ amr: ['pwd'], apart: expect.closeTo(0, 3) });
  await sql(FORMER.register, ['ana']);
  expect((await logIn('former')).status).toBe(200);
  const before = await stamp();
  await sql(FORMER.rehash, ['ana']);
  expect(await stamp()).toBe(before);
  await sql(FORMER.setPassword, ['ana']);
  const changed = await stamp();
  expect(changed).toBeGreaterThan(before);
  await sql(FORMER.disable, ['ana']);
  expect(await stamp()).toBeGreaterThan(changed);
  // The former release sees changes of this one by updated_at.
  const { access_token: token } = await server.client.logIn('former');
  const times = async () => (await sql(`SELECT updated_at FROM users WHERE username = 'former'`))[0].updated_at as Date;
  const updated = await times();
  const body = { current_password: PASSWORD, new_password: 'another passphrase, as uncommon' };
  expect((await server.client.post('/users/me/password', { token, body })).status).toBe(204);
  expect((await times()).getTime()).toBeGreaterThan(updated.getTime());
  expectProblem(await server.client.refresh(tokens.refresh_token), 401, 'session_revoked');
});
