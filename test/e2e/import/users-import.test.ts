import bcrypt from 'bcrypt';
import { testOnEmbedded, testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand, summary } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';

const PASSWORD = 'correct horse battery staple';
const HASH = bcrypt.hashSync(PASSWORD, 4);

let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await command.remove();
});

const BULK = Array.from({ length: 2500 }, (_, n) => `{"username":"user-${n}","password_hash":"${HASH}"}`);

test('a second run changes nothing, also after a run that was interrupted', async () => {
  const text = BULK.join('\n');
  expect(summary(await command.importText(BULK.slice(0, 1700).join('\n')))).toMatchObject({ code: 0 });
  expect(summary(await command.importText(text))).toMatchObject({
    code: 0,
    last: '800 imported, 1700 already there, 0 refused.',
  });
  expect(summary(await command.importText(text))).toMatchObject({
    code: 0,
    last: '0 imported, 2500 already there, 0 refused.',
  });
});

test('a dry run reports what an import would do, including duplicates across batches, and writes nothing', async () => {
  await command.importText(`{"username":"there","email":"there@example.com","password_hash":"${HASH}"}`);
  const rows = [
    `{"username":"ana","email":"ana@example.com","password_hash":"${HASH}"}`,
    ...BULK,
    `{"username":"ana","email":"else@example.com","password_hash":"${HASH}"}`,
    `{"username":"THERE","email":"there@example.com","password_hash":"${HASH}"}`,
    `{"username":"there","email":"else@example.com","password_hash":"${HASH}"}`,
  ].join('\n');
  const taken = 'username belongs to a user with another email';
  const stderr = `line 2502 (ana): ${taken}\nline 2504 (there): ${taken}\n`;
  const dry = await command.importText(rows, '--dry-run');
  expect(summary(dry)).toEqual({
    code: 3,
    last: '2501 to import, 1 already there, 2 refused; nothing was written.',
    stderr,
  });
  expect(await command.hashes()).toEqual({ bcrypt: 1 });
  expect(summary(await command.importText(rows))).toEqual({
    code: 3,
    last: '2501 imported, 1 already there, 2 refused.',
    stderr,
  });
});

test("stores the hashes of Flask-Security's salted scheme so that logins can verify them", async () => {
  const row = `{"email":"ana@example.com","password_hash":"${HASH}"}`;
  const md5 = `{"email":"bob@example.com","password_hash":"pbkdf2_sha256$1000$salt$${'A'.repeat(43)}="}`;
  const file = command.file('salt.txt', 'a salt of the app\n');
  const ended = await command.importText(`${row}\n${md5}`, '--security-password-salt-file', file);
  expect(summary(ended)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^line 2 \(bob@example\.com\): password_hash \S+ not of/),
  });
  expect(ended.stdout + ended.stderr).not.toContain('a salt of the app');
  expect(await command.hashes()).toEqual({ 'flask-security': 1 });
  const empty = command.file('empty.txt', '\n');
  expect(await command.importText(row, '--security-password-salt-file', empty)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^portero: invalid Flask-Security salt: \S.*\n$/),
  });
});

test('a salt on the command line works, with a warning that other users can read it', async () => {
  const row = `{"email":"ana@example.com","password_hash":"${HASH}"}`;
  expect(await command.importText(row, '--security-password-salt', 'a salt of the app')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^portero: other users of this machine can see --security-password-salt .*\n$/),
  });
  const file = command.file('salt.txt', 'a salt of the app');
  const both = ['--security-password-salt', 'x', '--security-password-salt-file', file];
  expect(await command.importText(row, ...both)).toMatchObject({ code: 1 });
});

test("rejects a username that looks like another user's email address", async () => {
  const rows = [
    'username,email,password_hash',
    `ana@example.com,mallory@example.com,${HASH}`,
    `bob＠example.com,,${HASH}`,
    `Carol@example.com,carol@example.com,${HASH}`,
  ];
  const fault = 'username looks like an email address, but differs from the email of the row';
  expect(await command.importText(rows.join('\n'))).toMatchObject({
    code: 3,
    stderr: `line 2 (ana@example.com): ${fault}\nline 3 ("bob＠example.com"): ${fault}\n`,
  });
});

test('imports a hash of another Portero unchanged, and users hashes reports unknown ones', async () => {
  const own = `$portero-bcrypt$v=1,pepper=00000000${HASH}`;
  expect(await command.importText(`username,password_hash\nana,"${own}"\nbob,$portero-none$\n`)).toMatchObject({
    code: 3,
    stderr: 'line 3 (bob): password_hash is a malformed Portero hash\n',
  });
  const { stdout } = await command.run(['users', 'hashes']);
  expect(stdout).toBe('FORMAT          USERS\nportero-bcrypt      1\n1 user\n');
});

test.each([
  ['no file', [], /requires a file/],
  ['a file that is not there', ['missing.csv'], /can't read missing.csv: .*no such file/],
  ['a folder', ['src'], /can't read src: it is a folder/],
  ['an unknown format', ['x.csv', '--format', 'xml'], /Allowed choices are csv, jsonl/],
  ['column names without --sqlite', ['x.csv', '--username', 'x'], /require --sqlite/],
])('fails in one line with %s', async (_, args, reason) => {
  const { code, stderr } = await command.run(['users', 'import', ...args]);
  expect({ code, lines: stderr.trim().split('\n') }).toEqual({ code: 1, lines: [expect.stringMatching(reason)] });
});

testOnEmbedded('while a server holds the embedded database it says so in one line', async () => {
  await ServerProcess.start(command.database.env);
  for (const args of [
    ['users', 'hashes'],
    ['users', 'import', command.file('a.csv', `username,password_hash\nana,${HASH}`)],
  ]) {
    const { code, stdout, stderr } = await command.run(args);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^portero: .* is in use by another Portero process: .*\n$/),
    });
  }
});

testOnPostgres('two imports of the same users at once, in opposite orders, import each once', async () => {
  const ends = await Promise.all([
    command.importText(BULK.join('\n')),
    command.importText([...BULK].reverse().join('\n')),
  ]);
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  expect(await command.hashes()).toEqual({ bcrypt: 2500 });
});

testOnPostgres('a server that runs takes the imported users at once', async () => {
  const server = await ServerProcess.start(command.database.env);
  await command.importText(`username,password_hash\nana,${HASH}\n`);
  await server.client.logIn('ana', PASSWORD);
});
