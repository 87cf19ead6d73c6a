import { PorteroCommand } from '../../support/portero-command.js';
import { onDatabase } from '../../support/tables.js';

/** `portero users list`: pages that cost the same at any depth. */
let command: PorteroCommand;
beforeAll(async () => {
  command = await PorteroCommand.create();
});
afterAll(() => command.remove());

const HASH = `$2b$04$${'a'.repeat(53)}`;
const list = async (...args: string[]) => {
  const { code, stdout, stderr } = await command.run(['users', 'list', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
};
/** Reads page after page, as an operator does. */
async function allPages(size: number, ...args: string[]): Promise<string[]> {
  const names: string[] = [];
  for (let after: string[] = []; ; ) {
    const page = await list('--limit', String(size), ...args, ...after);
    names.push(...page.map(({ username, email }) => username ?? email));
    if (page.length < size) return names;
    after = ['--after', page.at(-1).id];
  }
}

test('without users, it says so', async () => {
  expect(await command.run(['users', 'list'])).toEqual({ code: 0, stdout: 'no users\n', stderr: '' });
  expect(await list()).toEqual([]);
});

test('lists all users once, newest first, whatever the size of a page', async () => {
  const rows = Array.from({ length: 2345 }, (_, n) => `user-${String(n).padStart(4, '0')},u${n}@example.com,${HASH}`);
  await command.importText(['username,email,password_hash', ...rows].join('\n'));
  const everyone = (await list('--limit', '0')).map(({ username }) => username);
  expect(everyone).toHaveLength(2345);
  expect(new Set(everyone).size).toBe(2345);
  expect(await allPages(1000)).toEqual(everyone);
  expect(await allPages(700)).toEqual(everyone);
  expect(await list('--limit', '2')).toEqual([
    {
      id: expect.any(String),
      username: everyone[0],
      email: expect.stringMatching(/@example\.com$/),
      email_verified: false,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      disabled_at: null,
      has_password: true,
      language: 'en',
    },
    expect.anything(),
  ]);
});

test('searches by the beginning of the username or email, in any letter case, and lists each user once, by name', async () => {
  await command.importText(
    [
      'username,email,password_hash',
      `Zoë,zoe@example.com,${HASH}`,
      `zoo,animals@example.com,${HASH}`,
      `,zoltan@example.com,${HASH}`,
      `anna,zorro@example.com,${HASH}`,
      `100%_sure,,${HASH}`,
    ].join('\n'),
  );
  const zo = ['zoltan@example.com', 'zoo', 'anna', 'Zoë'];
  for (const size of [1, 2, 3, 100]) expect(await allPages(size, '--search', 'ZO')).toEqual(zo);
  expect(await allPages(7, '--search', 'zoe')).toEqual(['Zoë']);
  expect(await allPages(7, '--search', '100%')).toEqual(['100%_sure']);
  expect(await allPages(7, '--search', '%')).toEqual([]);
  expect(await allPages(400, '--search', 'user-1')).toHaveLength(1000);
});

test('the table has headers, and a note says how to get the next page', async () => {
  await command.run(['users', 'disable', 'zoo']);
  const { stdout, stderr } = await command.run(['users', 'list', '--search', 'zo', '--limit', '2']);
  const [header, first, second, ...rest] = stdout.split('\n');
  expect(header).toMatch(/^USERNAME +EMAIL +STATE +CREATED +ID$/);
  expect(first).toMatch(/^- +zoltan@example\.com \(not verified\) +active +\S+Z +\S{36}$/);
  expect(second).toMatch(/^zoo +animals@example\.com \(not verified\) +disabled +\S+Z +\S{36}$/);
  expect(rest).toEqual(['']);
  expect(stderr).toMatch(/^portero: there are more users; for the next page, use --search zo --after \S{36}\n$/);
  expect((await command.run(['users', 'list', '--search', 'zoe'])).stderr).toBe('');
});

test('every page is read by an index', async () => {
  await onDatabase(command.database, async (source) => {
    await source.query('ANALYZE users');
    for (const [column, order] of [
      ['id', 'id DESC'],
      ['username_key', 'username_key, id'],
      ['email_key', 'email_key, id'],
    ]) {
      const plan: Record<string, string>[] = await source.query(
        `EXPLAIN SELECT * FROM users WHERE ${column} > '00000000-0000-0000-0000-000000000000' ORDER BY ${order} LIMIT 50`,
      );
      expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Scan/);
    }
  });
});

test.each([
  [['--after', 'x'], /Expected the ID of a user/],
  [['--limit', 'x'], /Expected a whole number/],
  [
    ['--search', 'zo', '--after', '018f0000-0000-7000-8000-000000000000'],
    /there is no user with the ID 018f\S+; start again/,
  ],
])('rejects %j in one line', async (options, reason) => {
  const { code, stdout, stderr } = await command.run(['users', 'list', ...options]);
  expect({ code, stdout, lines: stderr.trim().split('\n') }).toEqual({
    code: 1,
    stdout: '',
    lines: [expect.stringMatching(reason)],
  });
});
