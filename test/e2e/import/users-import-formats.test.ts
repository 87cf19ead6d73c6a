import bcrypt from 'bcrypt';
import { PorteroCommand, summary } from '../../support/portero-command.js';
import { TestServer } from '../../support/server.js';

const PASSWORD = 'correct horse battery staple';
const HASH = bcrypt.hashSync(PASSWORD, 4);

let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await TestServer.stopAll();
  await command.remove();
});

describe('CSV', () => {
  test('accepts a byte order mark, CR LF, quotes and Unicode, and rehashes passwords at login', async () => {
    const path = command.file(
      'users.csv',
      `\uFEFFusername,email,password_hash,email_verified,created_at\r\n"ana","Ana@Example.com","${HASH}",t,2020-02-03 04:05:06.789+01\r\n"Ñandú, el ""rápido""",,${HASH},,\r\n\r\n,zoe@example.com,${HASH},0,1580688000`,
    );
    expect(summary(await command.run(['users', 'import', path]))).toEqual({
      code: 0,
      last: '3 imported, 0 already there, 0 refused.',
      stderr: '',
    });
    expect(await command.hashes()).toEqual({ bcrypt: 3 });

    const server = await TestServer.on(command.database);
    const { client } = server;
    const { access_token } = await client.logIn('ana', PASSWORD);
    expect((await client.get('/users/me', { token: access_token })).body).toMatchObject({
      username: 'ana',
      email: 'Ana@Example.com',
      email_verified: true,
      created_at: '2020-02-03T03:05:06.789Z',
    });
    await client.logIn('ñandú, el "RÁPIDO"', PASSWORD);
    const byEmail = await client.post('/auth/login', { body: { email: 'zoe@example.com', password: PASSWORD } });
    expect(byEmail.status).toBe(200);
    await server.stop();
    expect(await command.hashes()).toEqual({ 'portero-bcrypt': 3 });
    // A user with a new hash counts as existing and keeps it.
    expect(summary(await command.run(['users', 'import', path]))).toMatchObject({
      code: 0,
      last: '0 imported, 3 already there, 0 refused.',
    });
    expect(await command.hashes()).toEqual({ 'portero-bcrypt': 3 });
  });

  test('reports rejected rows with their line number, also after a field of several lines, and never shows a hash', async () => {
    const ended = await command.importText(
      [
        'username,email,password_hash',
        `"two\nlines",a@example.com,${HASH}`,
        `ana,ana@example.com,${HASH}`,
        `ana,other@example.com,${HASH}`,
        `other,ana@example.com,${HASH}`,
        `bob,,${HASH}`,
        'carl,,',
        'dora,,5f4dcc3b5aa765d61d8327deb882cf99',
        `erik,,${HASH.slice(0, -3)}`,
        `,,${HASH}`,
        `finn,no address,${HASH}`,
        `gina,${HASH}`,
        `hal"s,,${HASH}`,
        `ＡＮＡ,new@example.com,${HASH}`,
        'ivan,,scrypt:1073741824:8:1$salt$00',
        `ivan,bob@example.com,${HASH}`,
        `ana,bob@example.com,${HASH}`,
      ].join('\n'),
      '--format',
      'csv',
    );
    expect(ended.stderr.trim().split('\n')).toEqual([
      'line 2 ("two\\nlines"): username is not a valid username',
      'line 5 (ana): username belongs to a user with another email',
      'line 6 (other): email belongs to a user with another username',
      'line 8 (carl): password_hash is missing',
      'line 9 (dora): password_hash has an unknown format',
      expect.stringMatching(/^line 10 \(erik\): password_hash \(bcrypt\): \S/),
      'line 11: has neither a username nor an email',
      'line 12 (finn): email is not a valid address',
      'line 13: has 2 fields, but the header has 3',
      'line 14: has a quote in a field that does not start with one',
      'line 15 ("ＡＮＡ"): username belongs to a user with another email',
      expect.stringMatching(/^line 16 \(ivan\): password_hash \(werkzeug-scrypt\): \S/),
      'line 18 (ana): username and email belong to two different users',
    ]);
    expect(summary(ended)).toMatchObject({ code: 3, last: '3 imported, 0 already there, 13 refused.' });
    expect(ended.stdout + ended.stderr).not.toContain(HASH.slice(7, 20));
  });

  test.each([
    [
      'an unknown column',
      `username,password,password_hash\nana,x,${HASH}`,
      /"password" is not a known column; known: username,/,
    ],
    ['no hash', 'username,email\nana,a@example.com', /the column password_hash is missing/],
    ['a column twice', `username,username,password_hash\na,b,${HASH}`, /username is duplicate/],
    ['no names', `password_hash\n${HASH}`, /requires a column username or email/],
    ['nothing in it', '', /the file is empty/],
  ])('rejects a whole file with %s in one line', async (_, text, reason) => {
    const { code, stdout, stderr } = await command.importText(text, '--format', 'csv');
    expect({ code, stdout, lines: stderr.trim().split('\n') }).toEqual({
      code: 1,
      stdout: '',
      lines: [expect.stringMatching(reason)],
    });
  });

  test('never names a user by a value that is a hash, and escapes names that could move the cursor', async () => {
    const { stderr } = await command.importText(
      `username,password_hash\n${HASH}ä\u0085,none\n"\x1b[2J${'x'.repeat(100)}",none\n\u202Eana,none\n${'x'.repeat(1100)},none\n`.replace(
        '\x1b[2J',
        `${'y'.repeat(1100)}\x1b[2J`,
      ),
    );
    expect(stderr.split('\n').map((line) => line.replace(/[xy]{9,}/g, '…'))).toEqual([
      'line 2: username is not a valid username',
      'line 3 (…): username is not a valid username',
      'line 4 ("?ana"): username is not a valid username',
      'line 5 (…): username is not a valid username',
      '',
    ]);
    expect(Math.max(...stderr.split('\n').map(({ length }) => length))).toBeLessThan(130);
  });

  test('a quote that is never closed ends the import, after the rows before it', async () => {
    const { code, stderr } = await command.importText(
      `username,password_hash\nana,${HASH}\n"bob,${HASH}\ncarl,${HASH}\n`,
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^portero: line 3: a quote is not closed within 32768 characters/),
    });
    expect(await command.hashes()).toEqual({ bcrypt: 1 });
  });
});

describe('a file that is not text', () => {
  test.each([
    ['a SQLite database', 'SQLite format 3\0\x10\0', /is a SQLite database: use --sqlite, --table and --hash/],
    ['UTF-16 text', Buffer.from('\uFEFFusername,password_hash\n', 'utf16le'), /is UTF-16 text: convert it to UTF-8/],
    ['a spreadsheet', 'PK\x03\x04\x14\0\x06', /is a spreadsheet or ZIP archive: save it as CSV in UTF-8/],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed: decompress it first/],
    ['an image', Buffer.from('89504e470d0a1a0a0000', 'hex'), /is not text: CSV or JSON Lines in UTF-8 are required/],
  ])('is recognized in one line: %s, given as CSV or JSON Lines', async (_, content, reason) => {
    for (const name of ['users.csv', 'users.jsonl', 'users']) {
      const { code, stdout, stderr } = await command.run(['users', 'import', command.file(name, content)]);
      expect({ code, stdout, lines: stderr.trim().split('\n') }).toEqual({
        code: 1,
        stdout: '',
        lines: [expect.stringMatching(reason)],
      });
    }
  });
});

describe('JSON Lines', () => {
  test('is recognized on standard input by its first character, and broken lines are rejected', async () => {
    const ended = await command.importText(
      Buffer.concat([
        Buffer.from(
          `{"username":"ana","email":null,"password_hash":"${HASH}","email_verified":false}\n` +
            `{"username":"bob","password_hash":"${HASH}"\n\n["x"]\n{"username":7,"password_hash":"${HASH}"}\n` +
            `{"username":"carl","password_hash":"${HASH}","role":"admin"}\n` +
            `{"username":"dora\\u0000","password_hash":"${HASH}"}\n` +
            `{"username":"finn\u2028","password_hash":"${HASH}"}\n` +
            `{"username":"erik","password_hash":"${HASH}","created_at":"2999-01-01"}\n{"username":"`,
        ),
        Buffer.from([0xe9]),
        Buffer.from(`","password_hash":"${HASH}"}\n{"username":"${'x'.repeat(2 ** 21)}"}\n`),
        Buffer.from(`{"username":"zoe","password_hash":"${HASH}"}`),
      ]),
    );
    expect(ended.stderr.trim().split('\n')).toEqual([
      'line 2: is not valid JSON',
      'line 4: is not a JSON object',
      'line 5: username is not text',
      'line 6: has an unknown field "role"',
      'line 7 ("dora\\u0000"): username is not UTF-8 text',
      'line 8 ("finn?"): username is not a valid username',
      expect.stringMatching(/^line 9 \(erik\): created_at is not a time/),
      'line 10 ("\uFFFD"): username is not UTF-8 text',
      'line 11: is longer than 1 MiB',
    ]);
    expect(summary(ended)).toMatchObject({ code: 3, last: '2 imported, 0 already there, 9 refused.' });
  });

  test('reports each rejected row with --json and ends with the counts by format', async () => {
    const path = command.file(
      'users.jsonl',
      [HASH, HASH, HASH.replace('$2b$', '$2y$'), 'scrypt:32768:8:1$abcdefgh$'.padEnd(154, '0'), 'x']
        .map((password_hash, index) => JSON.stringify({ username: `user ${index % 4}`, password_hash }))
        .join('\n'),
    );
    const { code, stdout, stderr } = await command.run(['users', 'import', path, '--json']);
    expect({
      code,
      stderr,
      lines: stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    }).toEqual({
      code: 3,
      stderr: '',
      lines: [
        { type: 'refused', line: 5, user: 'user 0', reason: 'password_hash has an unknown format' },
        {
          type: 'summary',
          dry_run: false,
          imported: 4,
          already_there: 0,
          refused: 1,
          formats: { bcrypt: { imported: 3, already_there: 0 }, 'werkzeug-scrypt': { imported: 1, already_there: 0 } },
          seconds: expect.any(Number),
          max_rss_kib: expect.any(Number),
        },
      ],
    });
  });

  test('rejects a JSON array, or a first object with an unknown field, in one line', async () => {
    for (const [text, reason] of [
      [`[{"username":"ana","password_hash":"${HASH}"}]`, /one object per line/],
      [`{"username":"ana","hash":"${HASH}"}`, /"hash" is not a known field; known: username,/],
    ] as const) {
      const { code, stderr } = await command.importText(text);
      expect({ code, lines: stderr.trim().split('\n') }).toEqual({ code: 1, lines: [expect.stringMatching(reason)] });
    }
  });
});
