import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import sqlite from 'node-sqlite3-wasm';
import { PorteroCommand, summary } from '../../support/portero-command.js';

const HASH = bcrypt.hashSync('correct horse battery staple', 4);

let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(() => command.remove());

describe('a SQLite database', () => {
  function sqliteFile(...statements: string[]): string {
    const path = join(command.folder, 'app.db');
    const db = new sqlite.Database(path);
    for (const statement of statements) db.exec(statement);
    db.close();
    return path;
  }

  const columns = ['--table', 'the "user"', '--username', 'user name', '--hash', 'password_hash'];

  test('is read with the given names, quoted; bytes are read as text, and a rejected row is reported with its rowid', async () => {
    const path = sqliteFile(
      'CREATE TABLE "the ""user""" (id INTEGER PRIMARY KEY, "user name" TEXT, mail TEXT, password_hash BLOB, seen INT)',
      `INSERT INTO "the ""user""" VALUES (3, 'ana', 'ana@example.com', CAST('${HASH}' AS BLOB), 1), (70, 'bob', NULL, '${HASH}', 0), (9007, 'x', NULL, 'y', NULL)`,
    );
    const args = ['users', 'import', '--sqlite', path, ...columns, '--email', 'mail', '--email-verified', 'seen'];
    expect(summary(await command.run(args))).toEqual({
      code: 3,
      last: '2 imported, 0 already there, 1 refused.',
      stderr: 'rowid 9007 (x): password_hash has an unknown format\n',
    });
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test.each([
    ['a table that is not there', ['--table', 'users', '--username', 'a', '--hash', 'b'], /has no table "users"/],
    ['a column that is not there', [...columns, '--email', 'email'], /no column "email"; it has: id, user name/],
    ['no column of hashes', columns.slice(0, 4), /requires --table, --hash/],
  ])('is rejected in one line with %s', async (_, options, reason) => {
    const path = sqliteFile('CREATE TABLE "the ""user""" (id INTEGER, "user name" TEXT, password_hash TEXT)');
    const { code, stderr } = await command.run(['users', 'import', '--sqlite', path, ...options]);
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({ code: 1, lines: [expect.stringMatching(reason)] });
  });

  test('can be imported after every failure: none leaves its lock behind', async () => {
    const path = sqliteFile(
      'CREATE TABLE users (name TEXT, hash TEXT)',
      'CREATE VIEW broken AS SELECT name, hash FROM missing',
      `INSERT INTO users VALUES ('ana', '${HASH}')`,
    );
    const run = (table: string, name: string) =>
      command.run(['users', 'import', '--sqlite', path, '--table', table, '--username', name, '--hash', 'hash']);
    for (const [table, name] of [
      ['user', 'name'],
      ['users', 'nam'],
      ['broken', 'name'],
    ] as const) {
      expect((await run(table, name)).code).toBe(1);
      expect([table, name, existsSync(`${path}.lock`)]).toEqual([table, name, false]);
    }
    // The database of Portero can't be opened.
    const { env } = command.database;
    command.database.env = { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect((await run('users', 'name')).code).toBe(1);
    command.database.env = env;
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(await run('users', 'name')).toMatchObject({ code: 0, stderr: '' });
  });

  test('with the lock of another program is not read, and the message names the lock and what to do', async () => {
    const path = sqliteFile('CREATE TABLE users (name TEXT, hash TEXT)');
    mkdirSync(`${path}.lock`);
    const args = ['--table', 'users', '--username', 'name', '--hash', 'hash'];
    expect(await command.run(['users', 'import', '--sqlite', path, ...args])).toEqual({
      code: 1,
      stdout: '',
      stderr: `portero: can't read ${path}: ${path}.lock exists, so another import may be reading it. If none is running, delete it (rmdir '${path}.lock') and try again\n`,
    });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  test('is unlocked when the import is interrupted with Ctrl-C', async () => {
    const path = sqliteFile(
      'CREATE TABLE users (name TEXT, hash TEXT)',
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) INSERT INTO users SELECT 'u' || i, '${HASH}' FROM n`,
    );
    const args = ['users', 'import', '--sqlite', path, '--table', 'users', '--username', 'name', '--hash', 'hash'];
    const script =
      '"$0" dist/portero.js "$@" & pid=$!; while [ ! -d "$4.lock" ]; do sleep 0.1; done; sleep 1; kill -INT $pid; wait $pid';
    const ended = await command.runProcess([script, process.execPath, ...args], '', ['sh', '-c']);
    expect(ended).toEqual({ code: 130, stdout: '', stderr: '' });
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test('that is invalid is rejected in one line', async () => {
    const path = command.file('app.db', 'not a database at all'.repeat(100));
    const { code, stderr } = await command.run(['users', 'import', '--sqlite', path, ...columns]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^portero: can't read .* SQLite/) });
  });
});
