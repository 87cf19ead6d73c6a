import bcrypt from 'bcrypt';
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
