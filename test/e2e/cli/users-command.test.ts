import { en, type FaultCode } from '../../../src/problems/messages.en.js';
import { PASSWORD } from '../../support/client.js';
import { verdict } from '../../support/instances.js';
import { expectProblem } from '../../support/matchers.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { secrets } from '../../support/secrets.js';
import { TestServer } from '../../support/server.js';
import { dumpTables } from '../../support/tables.js';

/** `portero users create`, `show`, `set-password`, `set-email` and `delete`: the operator manages single users. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await TestServer.stopAll();
  await command.remove();
});

const NEW_PASSWORD = 'another horse, another staple';
secrets.add(NEW_PASSWORD);
const run = (line: string, input = '') => command.run(line.split(' '), input);
const create = (line: string, input = `${PASSWORD}\n`) => run(`users create ${line}`, input);
const show = async (name: string) => JSON.parse((await run(`users show ${name} --json`)).stdout);
/** Newest first. Events of one millisecond have no order. */
const events = async () => {
  const { stdout } = await run('audit --json');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ type, actor, user_id, details }) => [type, actor, user_id, details]);
};
/** A fault as the command reports it. */
const said = (field: string, code: FaultCode) => new RegExp(`^${field}: ${escaped(en.faults[code])}$`);
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/);

test('creates users who can log in, also while registration is closed for everybody else', async () => {
  command.database.env = { ...command.database.env, REGISTRATION: 'closed', REGISTRATION_REQUIRES: 'username,email' };
  expect(await create('Ana --email Ana@Example.com')).toEqual({ code: 0, stdout: 'created Ana\n', stderr: '' });
  const bob = JSON.parse((await create('bob --email bob@example.com --verified --json')).stdout);
  expect(bob).toEqual({
    id: expect.any(String),
    username: 'bob',
    email: 'bob@example.com',
    language: 'en',
    email_verified: true,
    created_at: TIME,
    updated_at: bob.created_at,
  });
  const stderr = expect.stringMatching(/^portero: email: .*required/);
  expect(await create('carl')).toEqual({ code: 1, stdout: '', stderr });
  expect((await events()).map(([type, actor]) => [type, actor])).toEqual([
    ['registered', 'operator'],
    ['registered', 'operator'],
  ]);
  const server = await TestServer.on(command.database);
  await server.client.logIn('ANA');
  const { access_token } = await server.client.logIn('bob');
  expect((await server.client.get('/users/me', { token: access_token })).body).toEqual(bob);
  expectProblem(
    await server.client.post('/register', { body: { username: 'x', password: PASSWORD } }),
    403,
    'registration_closed',
  );
});

test.each([
  ['an invalid username', 'a\u0007', PASSWORD, said('username', 'username_invalid')],
  ['an invalid address', 'ana --email nothing', PASSWORD, said('email', 'email_invalid')],
  ['two faults', 'a\u0007 --email nothing', PASSWORD, /^username: .* email: /],
  ["another user's address as username", 'bob@example.com --email ana@example.com', PASSWORD, /^username: /],
  ['a short password', 'ana', 'short', /^password: .*8 characters/],
  ['a common password', 'ana', 'password1', said('password', 'password_common')],
  ['the name as password', 'Rumpelstilz', 'rumpelstilz!', said('password', 'password_contains_name')],
  ['a taken username', 'THERE', PASSWORD, /^An account with this username exists already\./],
  [
    'a taken address',
    'ana --email THERE@example.com',
    PASSWORD,
    /^An account with this email address exists already\./,
  ],
  ['no name', '--json', PASSWORD, /^requires a username, --email, or both$/],
  ['--verified without an address', 'ana --verified', PASSWORD, /^--verified requires --email$/],
  ['no password', 'ana', '', /^requires the password on standard input$/],
  ['two lines', 'ana', 'one line\nanother line\n', /^standard input must be one line of text/],
  ['a NUL', 'ana', 'one horse\0battery', /^the password is not text$/],
  ['too much input', 'ana', 'x'.repeat(5000), /^standard input has more than 4096 bytes$/],
])('create refuses what registration refuses, in one line: %s', async (_, line, password, reason) => {
  await create('there --email there@example.com --no-password', '');
  const { code, stdout, stderr } = await create(line, password);
  expect({
    code,
    stdout,
    lines: stderr
      .replace(/^portero: /, '')
      .trimEnd()
      .split('\n'),
  }).toEqual({
    code: 1,
    stdout: '',
    lines: [expect.stringMatching(reason)],
  });
  expect((await run('users list --json')).stdout.trim().split('\n')).toHaveLength(1);
});

test('a user without a password cannot log in until the operator sets one', async () => {
  const { stdout } = await create('ana --no-password', '');
  const { id, password } = await show('ana');
  expect([stdout, password]).toEqual(['created ana; to set a password, run portero users set-password ana\n', null]);
  let server = await TestServer.on(command.database);
  const body = { username: 'ana', password: PASSWORD };
  expectProblem(await server.client.post('/login', { body }), 401, 'invalid_credentials');
  await server.stop();
  expect((await run(`users set-password ${id}`, PASSWORD)).stdout).toBe('set the password of ana; ended 0 sessions\n');
  server = await TestServer.on(command.database);
  await server.client.logIn('ana');
});

test('set-password replaces the password, and ends all sessions and proofs of the user [ASVS 7.4.3]', async () => {
  let server = await TestServer.on(command.database);
  const { access_token: token, refresh_token: refresh } = await server.client.signUp('ana');
  const { access_token: other } = await server.client.signUp('bob');
  await server.stop();
  const before = await show('ana');
  expect(before).toMatchObject({ sessions: 1, password: 'portero-bcrypt', disabled_at: null });
  expect(await run('users set-password ana --json', NEW_PASSWORD)).toEqual({
    code: 0,
    stdout: `{"user_id":"${before.id}","ended":1}\n`,
    stderr: '',
  });
  const after = await show('ana');
  expect(after.sessions).toBe(0);
  expect(Date.parse(after.credentials_changed_at)).toBeGreaterThan(Date.parse(before.credentials_changed_at));
  expect((await events()).slice(0, 2).sort()).toEqual([
    ['password.changed', 'operator', before.id, null],
    ['session.ended', 'operator', before.id, { reason: 'password_changed' }],
  ]);
  server = await TestServer.on(command.database);
  expectProblem(await server.client.get('/protected', { token }), 401, 'token_revoked');
  expectProblem(await server.client.refresh(refresh), 401, 'session_revoked');
  expectProblem(
    await server.client.post('/login', { body: { username: 'ana', password: PASSWORD } }),
    401,
    'invalid_credentials',
  );
  await server.client.logIn('ana', NEW_PASSWORD);
  expect(await verdict(server.client, other)).toBe('200');
});

test('set-password applies the password policy, and then changes nothing', async () => {
  await create('anastasia');
  const before = await show('anastasia');
  expect(await run('users set-password anastasia', 'anastasia!')).toEqual({
    code: 1,
    stdout: '',
    stderr: `portero: password: ${en.faults.password_contains_name}\n`,
  });
  expect(await show('anastasia')).toEqual(before);
});

test('set-email replaces the address, which is verified only if the operator says so', async () => {
  await create('ana --email old@example.com --verified');
  await create('bob --email bob@example.com');
  expect((await run('users set-email ana New@Example.com')).stdout).toBe(
    'set the email of ana to New@Example.com (not verified)\n',
  );
  expect(await show('ana')).toMatchObject({ email: 'New@Example.com', email_verified: false });
  expect((await run('users set-email old@example.com x@example.com')).stdout).toBe('');
  expect(
    JSON.parse((await run('users set-email new@example.com new@example.com --verified --json')).stdout),
  ).toMatchObject({
    username: 'ana',
    email: 'new@example.com',
    email_verified: true,
  });
  const { id } = await show('ana');
  expect((await events()).slice(0, 2)).toEqual([
    ['email.changed', 'operator', id, { verified: true }],
    ['email.changed', 'operator', id, { verified: false }],
  ]);
  for (const [line, reason] of [
    ['ana nothing', `email: ${en.faults.email_invalid}`],
    ['ana BOB@example.com', en.problems.email_taken.detail],
    ['nobody a@example.com', 'there is no user "nobody"'],
  ]) {
    expect(await run(`users set-email ${line}`)).toEqual({ code: 1, stdout: '', stderr: `portero: ${reason}\n` });
  }
  await create('carl@example.com --email carl@example.com');
  expect((await run('users set-email carl@example.com other@example.com')).stderr).toBe(
    'portero: the username carl@example.com looks like an email address, so the address must equal it\n',
  );
});

test('delete requires --yes without a terminal, and removes the user with all their data', async () => {
  const server = await TestServer.on(command.database);
  const { access_token: token } = await server.client.signUp('ana');
  await server.stop();
  const { id } = await show('ana');
  expect(await run('users delete ana')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'portero: requires --yes, because standard input is not a terminal\n',
  });
  expect(await run('users delete ANA --yes')).toEqual({
    code: 0,
    stdout: 'deleted ana; ended 1 session\n',
    stderr: '',
  });
  expect((await events()).slice(0, 2).sort()).toEqual([
    ['session.ended', 'operator', id, { reason: 'user_deleted' }],
    ['user.deleted', 'operator', id, null],
  ]);
  const tables = await dumpTables(command.database);
  expect(JSON.stringify({ ...tables, audit_events: [] })).not.toContain('"ana"');
  expect(await run('users delete ana --yes')).toMatchObject({ code: 1, stderr: 'portero: there is no user "ana"\n' });
  const next = await TestServer.on(command.database);
  expect((await next.client.get('/protected', { token })).status).toBe(401);
});

test('every command finds a user by ID too, and show prints every field', async () => {
  await create('ana --email ana@example.com');
  await command.importText(`username,password_hash\nbob,$2b$04$${'a'.repeat(53)}\n`);
  await run('users disable bob');
  const { id } = await show('ana');
  expect((await run(`users show ${id}`)).stdout).toMatch(
    new RegExp(
      `^ID +${id}\\nUsername +ana\\nEmail +ana@example\\.com \\(not verified\\)\\nState +active\\nPassword +portero-bcrypt\\nSessions +0\\nCreated +\\S+Z\\nCredentials +changed \\S+Z\\n$`,
    ),
  );
  expect(await show('bob')).toMatchObject({ username: 'bob', email: null, disabled_at: TIME, password: 'bcrypt' });
  expect((await run('users show bob')).stdout).toMatch(/^State +disabled since \S+Z$/m);
});

test('writes nothing if PORTERO_SECRET differs from the secret of the servers', async () => {
  await create('ana');
  const before = await dumpTables(command.database);
  Object.assign(command.database.env, { PORTERO_SECRET: Buffer.alloc(32, 9).toString('base64url') });
  for (const line of ['users create bob', 'users set-password ana', 'users delete ana --yes']) {
    expect(await run(line, PASSWORD)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^portero: PORTERO_SECRET [^\n]+ is not the secret [^\n]+\n$/),
    });
  }
  expect(await dumpTables(command.database)).toEqual(before);
});
