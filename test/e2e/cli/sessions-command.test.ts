import { Browser } from '../../support/browser.js';
import { PASSWORD } from '../../support/client.js';
import { until, verdict } from '../../support/instances.js';
import { expectProblem } from '../../support/matchers.js';
import { testOnEmbedded, testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';

/** `portero sessions` and `portero users disable`: an operator ends sessions, of one user or of all (ASVS 7.4.2, 7.4.5). */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
// A command is a process, and several of them take long on a busy machine.
const PATIENCE = 90_000;
afterEach(async () => {
  await ServerProcess.killAll();
  await TestServer.stopAll();
  await command.remove();
});

const serve = () => ServerProcess.start(command.database.env);
const run = (line: string) => command.run(line.split(' '));
/** A running server reads the change at a notification, or within a second. */
const WITHIN_MS = 2000;
const refused = async (server: Pick<ServerProcess, 'client'>, token: string) => {
  await until('401 token_revoked', () => verdict(server.client, token), WITHIN_MS);
  expectProblem(await server.client.get('/protected', { token }), 401, 'token_revoked');
};
const loggedOut = async (browser: Browser) => {
  await until('401', async () => String(await browser.status()), WITHIN_MS);
  expectProblem(await browser.get('/protected'), 401, 'session_revoked');
};
const alive = async (server: Pick<ServerProcess, 'client'>, token: string) =>
  (await server.client.get('/protected', { token })).status;

/** A bearer session, and a cookie session that is cached by the server. */
async function sessionsOf(server: Pick<ServerProcess, 'client'>, name: string) {
  const { access_token, refresh_token } = await server.client.signUp(name);
  const browser = await Browser.signUp(server, name);
  expect([await alive(server, access_token), await browser.status()]).toEqual([200, 200]);
  return { token: access_token, refresh: refresh_token, browser };
}

testOnPostgres(
  'ends the sessions of one user at once on running servers, and no others [ASVS 7.4.5]',
  async () => {
    const [one, two] = await Promise.all([serve(), serve()]);
    const [ana, ben] = [await sessionsOf(one, 'Ana'), await sessionsOf(one, 'ben')];
    const elsewhere = new Browser(two);
    elsewhere.cookie = ana.browser.cookie;
    expect([await elsewhere.status(), await alive(two, ana.token)]).toEqual([200, 200]);
    expect(await run('sessions end --user ANA')).toEqual({ code: 0, stdout: 'ended 2 sessions\n', stderr: '' });
    for (const server of [one, two]) await refused(server, ana.token);
    await loggedOut(ana.browser);
    await loggedOut(elsewhere);
    expectProblem(await one.client.refresh(ana.refresh), 401, 'session_revoked');
    expect([await alive(one, ben.token), await ben.browser.status()]).toEqual([200, 200]);
    expect((await run('sessions end --user ana --json')).stdout).toBe('{"ended":0}\n');
    await one.client.logIn('ana');
  },
  PATIENCE,
);

testOnPostgres(
  'lists a session until it is ended by its id',
  async () => {
    const server = await serve();
    const { token, browser } = await sessionsOf(server, 'ana');
    const listed = JSON.parse((await run('sessions list --user ana --json')).stdout).sessions;
    const { body } = await browser.get<{ sessions: object[] }>('/auth/sessions');
    expect(listed).toEqual(
      body.sessions.map((one) => {
        const { current: _, ...rest } = one as { current: boolean };
        return { ...rest, last_seen_at: expect.any(String) };
      }),
    );
    const [cookie, bearer] = listed;
    expect([cookie.transport, bearer.transport]).toEqual(['cookie', 'bearer']);
    const { stdout } = await run('sessions list --user ana');
    expect(stdout.split('\n')[0]).toMatch(/^SESSION +TRANSPORT +STARTED +LAST SEEN +ADDRESS +DEVICE$/);
    expect(stdout.split('\n')[1]).toMatch(new RegExp(`^${cookie.id} +cookie +\\S+Z +\\S+Z +127\\.0\\.0\\.1 +-$`));
    expect(await run(`sessions end ${bearer.id}`)).toEqual({ code: 0, stdout: 'ended 1 session\n', stderr: '' });
    await refused(server, token);
    expect(await browser.status()).toBe(200);
    expect((await run(`sessions end ${cookie.id} --json`)).stdout).toBe('{"ended":1}\n');
    await loggedOut(browser);
    expect((await run('sessions list --user ana')).stdout).toBe('no sessions\n');
  },
  PATIENCE,
);

testOnPostgres(
  'ends every session of every user, in more than one batch [ASVS 7.4.5]',
  async () => {
    const server = await serve();
    const all = [await sessionsOf(server, 'ana'), await sessionsOf(server, 'ben')];
    await command.sql(
      `INSERT INTO sessions (id, user_id, transport, generation, auth_time, last_seen_at, refresh_expires_at,
                           expires_at, access_expires_at)
     SELECT gen_random_uuid(), u.id, 'bearer', 1, now(), now(), now() + interval '1 d', now() + interval '1 d',
            now() + interval '1 h' FROM generate_series(1, 2500), (SELECT id FROM users LIMIT 1) u`,
    );
    expect((await run('sessions end --all --json')).stdout).toBe('{"ended":2504}\n');
    for (const { token, browser } of all) {
      await refused(server, token);
      await loggedOut(browser);
    }
    const [row] = await command.sql(
      `SELECT (SELECT count(*)::int FROM sessions WHERE end_reason = 'ended_by_operator') AS ended,
            (SELECT count(*)::int FROM revocations) AS entries`,
    );
    expect(row).toEqual({ ended: 2504, entries: 2504 });
  },
  PATIENCE,
);

testOnPostgres(
  'logs a disabled user out at once, and allows login again once enabled',
  async () => {
    const server = await serve();
    const body = { username: 'ana', email: 'ana@example.com', password: PASSWORD };
    const { id } = (await server.client.post<{ id: string }>('/register', { body })).body;
    const { token, refresh, browser } = await sessionsOf(server, 'ana');
    const disabled = await run('users disable ANA@example.com');
    expect(disabled).toEqual({ code: 0, stdout: 'disabled ana; ended 2 sessions\n', stderr: '' });
    await refused(server, token);
    await loggedOut(browser);
    expectProblem(await server.client.refresh(refresh), 401, 'session_revoked');
    const login = { username: 'ana', password: PASSWORD };
    expectProblem(await server.client.post('/login', { body: login }), 401, 'invalid_credentials');
    expect(JSON.parse((await run('users disable ana --json')).stdout)).toEqual({
      user_id: id,
      disabled: true,
      ended: 0,
    });
    expect(JSON.parse((await run('users enable ana --json')).stdout)).toEqual({ user_id: id, disabled: false });
    expect((await run('users enable ana')).stdout).toBe('enabled ana\n');
    await server.client.logIn('ana');
    // Ended sessions stay ended.
    await refused(server, token);
    const reasons = await command.sql('SELECT DISTINCT end_reason AS reason FROM sessions WHERE ended_at IS NOT NULL');
    expect(reasons).toEqual([{ reason: 'user_disabled' }]);
  },
  PATIENCE,
);

testOnPostgres(
  'rejects or ends a login that races the disabling of its user',
  async () => {
    const server = await serve();
    await server.client.signUp('ana');
    const body = { username: 'ana', password: PASSWORD };
    let done = false;
    const disabling = run('users disable ana').finally(() => {
      done = true;
    });
    const tokens: string[] = [];
    while (!done) {
      const answer = await server.client.post<{ access_token: string }>('/login', { body });
      if (answer.status === 200) tokens.push(answer.body.access_token);
    }
    expect((await disabling).code).toBe(0);
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) await refused(server, token);
  },
  PATIENCE,
);

test(
  'a server rejects sessions that were ended while no server ran',
  async () => {
    const server = await TestServer.on(command.database);
    const { token, browser } = await sessionsOf(server, 'ana');
    const { cookie } = browser;
    await server.stop();
    expect((await run('sessions end --user ana')).stdout).toBe('ended 2 sessions\n');
    const next = await TestServer.on(command.database);
    await refused(next, token);
    expectProblem(
      await next.client.get('/protected', { headers: { Cookie: cookie as string } }),
      401,
      'session_revoked',
    );
  },
  PATIENCE,
);

testOnEmbedded('reports the server that uses the embedded database, and changes nothing', async () => {
  const server = await serve();
  const { token } = await sessionsOf(server, 'ana');
  for (const line of ['sessions end --all', 'users disable ana']) {
    expect(await run(line)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^portero: [^\n]+in use[^\n]*\n$/),
    });
  }
  expect(await alive(server, token)).toBe(200);
});

test.each([
  ['sessions end', 'requires exactly one of: the ID of a session, --user, --all'],
  [
    'sessions end 01981f0e-6d3a-7c55-b1a4-0a2f0c9be001 --all',
    'requires exactly one of: the ID of a session, --user, --all',
  ],
  ['sessions end --user ana --all', 'requires exactly one of: the ID of a session, --user, --all'],
  ['sessions end ana', '"ana" is not the ID of a session'],
  ['sessions end 01981f0e-6d3a-7c55-b1a4-0a2f0c9be001', 'there is no session 01981f0e-6d3a-7c55-b1a4-0a2f0c9be001'],
  ['sessions end --user nobody', 'there is no user "nobody"'],
  ['sessions list --user nobody@example.com', 'there is no user "nobody@example.com"'],
  ['users disable nobody', 'there is no user "nobody"'],
  ['users enable nobody', 'there is no user "nobody"'],
])('portero %s reports the error in one line', async (line, message) => {
  expect(await run(line)).toEqual({ code: 1, stdout: '', stderr: `portero: ${message}\n` });
});

test('escapes what a terminal would obey: a User-Agent, and an argument that is repeated [ASVS 16.4.1]', async () => {
  const agent = 'agent \u009b31m \u0085';
  const server = await TestServer.on(command.database);
  await server.client.signUp('ana');
  const body = { username: 'ana', password: PASSWORD };
  await server.client.post('/auth/login', { body, headers: { 'User-Agent': agent } });
  await server.stop();
  for (const line of ['sessions list --user ana --json', 'audit --user ana --json', 'users show \u009b31m']) {
    const { stdout, stderr } = await run(line);
    expect([line, stdout + stderr]).toEqual([line, expect.stringContaining('\\u009b31m')]);
    expect(stdout + stderr).not.toMatch(/[\u0080-\u009f]/);
    const agents = stdout.split('\n').flatMap((one) => (one.startsWith('{') ? JSON.stringify(JSON.parse(one)) : []));
    if (line.includes('json')) expect(agents.join()).toContain(JSON.stringify(agent).slice(1, -1));
  }
});
