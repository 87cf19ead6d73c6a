import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import { PASSWORD } from '../../support/client.js';
import { testOnEmbedded } from '../../support/on-engine.js';
import { PorteroCommand, summary } from '../../support/portero-command.js';

/** `portero` as a process: the other suites run the command inside the test's own process. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(() => command.remove());

const HASH = bcrypt.hashSync('correct horse battery staple', 4);

test('reads standard input, and exits with 3 if rows were rejected, 1 on failure, else 0', async () => {
  const rows = `username,password_hash\nana,${HASH}\nbob,none\n`;
  expect(summary(await command.runProcess(['users', 'import', '-'], rows))).toEqual({
    code: 3,
    last: '1 imported, 0 already there, 1 refused.',
    stderr: 'line 3 (bob): password_hash has an unknown format\n',
  });
  expect(await command.runProcess(['users', 'hashes'])).toEqual({
    code: 0,
    stdout: 'FORMAT  USERS\nbcrypt      1\n1 user\n',
    stderr: '',
  });
  expect(await command.runProcess(['users', 'disable', 'nobody'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'portero: there is no user "nobody"\n',
  });
});

test.each([
  [['--help'], 0],
  [['no-such-command'], 1],
  [[], 1],
])('%j: the process and the function have the same output and exit code', async (args, code) => {
  const inProcess = await command.run(args);
  expect(inProcess.code).toBe(code);
  expect(await command.runProcess(args)).toEqual(inProcess);
});

test('exits without a stack trace if the reader of its output closes the pipe', async () => {
  const rows = ['username,password_hash', ...Array.from({ length: 20_000 }, (_, row) => `user-${row},none`)].join('\n');
  const script = '"$0" dist/portero.js users import - --json | head -n 1';
  const { stdout, stderr } = await command.runProcess([script, process.execPath], rows, ['sh', '-c']);
  expect({ stdout, stderr }).toEqual({
    stdout: '{"type":"refused","line":2,"user":"user-0","reason":"password_hash has an unknown format"}\n',
    stderr: '',
  });
});

const run = (line: string) => command.run(line.split(' '));

test('no command takes a password as an argument, where other users of the machine could read it', async () => {
  const helps = await Promise.all(['create', 'set-password'].map((name) => run(`users ${name} --help`)));
  for (const { stdout } of helps) expect(stdout).not.toMatch(/--password\b|<password>/);
  expect((await run('users set-password ana secret')).code).toBe(1);
});

test('commands have their singular as an alias, and --version prints the version of the release', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  for (const line of ['user list', 'session list --user x', 'key list', 'client list']) {
    expect((await run(line)).stderr).not.toMatch(/unknown command/);
  }
});

test.each(['./portero', 'npm exec --no -- portero'])('in a clone, %s runs the command', async (line) => {
  const [file = '', ...first] = line.split(' ');
  const { code, stdout } = await command.runProcess(['users', 'hashes', '--json'], '', [file, ...first]);
  expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: { type: 'hashes', hashes: {}, users: 0 } });
});

test('the package has a scope, so npx does not fetch a package of somebody else', () => {
  const { name, private: unpublished } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect([name, unpublished]).toEqual(['@portero/server', true]);
});

testOnEmbedded('in a folder without a database, the command creates none and says how to get one', async () => {
  const nowhere = join(command.folder, 'data');
  command.database.env = { DATA_DIR: nowhere };
  for (const line of ['users list', 'users create ana --no-password']) {
    expect(await run(line)).toEqual({
      code: 1,
      stdout: '',
      stderr: `portero: there is no database in ${nowhere}; run the command in the folder of the server, or start the server once to create it\n`,
    });
  }
  expect(existsSync(nowhere)).toBe(false);
});

test('warnings of the server are on standard error, so that JSON on standard output stays valid', async () => {
  const { env } = command.database;
  const args = ['users', 'create', 'ana', '--json'];
  command.database.env = { ...env, PASSWORD_BREACH_CHECK: 'hibp', HIBP_URL: 'http://127.0.0.1:1/' };
  const { code, stdout, stderr } = await command.runProcess(args, PASSWORD);
  expect({ code, user: JSON.parse(stdout), stderr }).toEqual({
    code: 0,
    user: expect.objectContaining({ username: 'ana' }),
    stderr: expect.stringMatching(
      /^portero: the breach check failed: [^\n]+; the password was accepted unchecked[^\n]*\n$/,
    ),
  });
  command.database.env = { ...command.database.env, PASSWORD_BREACH_ON_ERROR: 'refuse' };
  expect(await command.run(['users', 'set-password', 'ana'], PASSWORD)).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^portero: the breach check failed: [^\n]+\n$/),
  });
  command.database.env = env;
});
