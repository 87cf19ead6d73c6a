import { expectProblem } from '../../support/matchers.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { secrets } from '../../support/secrets.js';
import { TestServer } from '../../support/server.js';

/** `portero users recovery-link`: the operator helps a user who can't log in. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await TestServer.stopAll();
  await command.remove();
});

const NEXT = 'another horse, another staple';
secrets.add(NEXT);
const run = (line: string) => command.run(line.split(' '));

async function link(name: string): Promise<string> {
  const { code, stdout, stderr } = await run(`users recovery-link ${name} --json`);
  expect([code, stderr]).toEqual([0, '']);
  const token = new URL(JSON.parse(stdout).link).searchParams.get('token') as string;
  secrets.add(token);
  return token;
}

async function prepared(body: object): Promise<void> {
  const server = await TestServer.on(command.database);
  await server.client.post('/auth/register', { body: { ...body, password: 'a long and uncommon passphrase' } });
  await server.stop();
}

test('the link sets a password once, also for a user without an address; a newer link replaces it', async () => {
  await prepared({ username: 'ana' });
  const first = await link('ana');
  const token = await link('ana');
  const server = await TestServer.on(command.database);
  const reset = (with_: string) =>
    server.client.post('/auth/password/reset', { body: { token: with_, new_password: NEXT } });
  expectProblem(await reset(first), 400, 'code_invalid');
  expect((await reset(token)).status).toBe(204);
  await server.client.logIn('ana', NEXT);
  expectProblem(await reset(token), 400, 'code_invalid');
});

test('the link does not prove the address, expires after an hour, and is in the audit trail without its token', async () => {
  await prepared({ username: 'ana', email: 'ana@example.com' });
  const [late, token] = [await link('ana'), await link('ana')];
  expect(late).not.toBe(token);
  const server = await TestServer.on(command.database);
  const reset = () => server.client.post('/auth/password/reset', { body: { token, new_password: NEXT } });
  expect((await reset()).status).toBe(204);
  const { access_token } = await server.client.logIn('ana', NEXT);
  expect((await server.client.get('/users/me', { token: access_token })).body).toMatchObject({ email_verified: false });
  await server.stop();
  const expired = await link('ana');
  const { stdout } = await run('audit --json');
  expect(stdout).toMatch(/"type":"recovery_link.created".*"actor":"operator"/);
  const later = await TestServer.on(command.database);
  later.clock.advance(3_600_000 + 1000);
  expectProblem(
    await later.client.post('/auth/password/reset', { body: { token: expired, new_password: NEXT } }),
    410,
    'code_expired',
  );
});

test('prints the link and when it expires; refuses unknown and disabled users', async () => {
  await prepared({ username: 'ana' });
  expect((await run('users recovery-link ana')).stdout).toMatch(
    /^ana can set a new password until \S+Z at:\nhttp:\/\/localhost:3000\/account\/reset-password\?token=[\w-]{43}\n$/,
  );
  await run('users disable ana');
  expect(await run('users recovery-link ana')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'portero: ana is disabled; enable the user first, with portero users enable\n',
  });
  expect((await run('users recovery-link nobody')).code).toBe(1);
});
