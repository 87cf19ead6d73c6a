import { PorteroCommand } from '../../support/portero-command.js';
import { onDatabase } from '../../support/tables.js';

/** `portero audit`, and the events of the other commands: ASVS 16.2.4, 16.3.1, 16.4.1. */
let command: PorteroCommand;
beforeAll(async () => {
  command = await PorteroCommand.create();
});
afterAll(() => command.remove());

const audit = async (...options: string[]) => {
  const { code, stdout, stderr } = await command.run(['audit', '--json', ...options]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
};

test('records the actions of an operator, and reads the audit trail with filters', async () => {
  const users = Array.from(
    { length: 1500 },
    (_, n) => `{"username":"user-${n}","password_hash":"$2b$04$${'a'.repeat(53)}"}`,
  );
  await command.importText(users.join('\n'));
  await command.importText(users.slice(0, 10).join('\n'));
  await command.importText('{"username":"dry","password_hash":"$2b$04$aaaa"}', '--dry-run');
  const { stdout } = await command.run(['clients', 'create', '--name', 'shop', '--json']);
  const { client_id } = JSON.parse(stdout);
  await command.run(['clients', 'revoke', client_id]);
  await command.run(['clients', 'revoke', client_id]);
  const all = await audit();
  expect(all.map(({ type, actor, details }) => [type, actor, details])).toEqual([
    ['client.revoked', 'operator', { client_id }],
    ['client.created', 'operator', { client_id }],
    ['users.imported', 'operator', { users: 500 }],
    ['users.imported', 'operator', { users: 1000 }],
  ]);
  expect(await audit('--limit', '1')).toEqual(all.slice(0, 1));
  expect(await audit('--type', 'users.imported', '--result', 'ok')).toEqual(all.slice(2));
  expect(await audit('--until', all[2].occurred_at)).toEqual(all.slice(3));
  expect(await audit('--since', all[1].occurred_at)).toEqual(all.slice(0, 2));
  expect(await audit('--since', '1h', '--limit', '0')).toEqual(all);
  expect(await audit('--ip', '203.0.113.7')).toEqual([]);
  expect(await audit('--user', 'USER-7')).toEqual([]);
  const text = await command.run(['audit', '--limit', '1']);
  expect(text.stdout).toMatch(
    /^TIME +RESULT +EVENT +ACTOR +ADDRESS +USER +DETAILS\n\d{4}-\d\d-\d\dT[\d:]+Z {2}ok {7}client\.revoked {4}operator {2}- +- +client_id=\S+\n$/,
  );
}, 300_000);

test('records disabling and enabling a user as actions of the operator, and enabling twice only once', async () => {
  await command.importText(`{"username":"eva","password_hash":"$2b$04$${'a'.repeat(53)}"}`);
  for (const what of ['disable', 'enable', 'enable']) await command.run(['users', what, 'eva']);
  const events = await audit('--user', 'eva');
  expect(events.map(({ type, result, actor }) => [type, result, actor])).toEqual([
    ['user.enabled', 'ok', 'operator'],
    ['user.disabled', 'ok', 'operator'],
  ]);
  const [{ id }, older] = events;
  expect(await audit('--user', 'eva', '--before', id)).toEqual([older]);
  const text = await command.run(['audit', '--user', 'EVA', '--limit', '1']);
  expect(text.stdout).toMatch(/\n\S+Z {2}ok {7}user\.enabled {6}operator {2}- +eva\n$/);
  expect(text.stderr).toBe(`portero: there may be more events; use --before ${id}\n`);
}, 300_000);

test('rejects a name that is the username of one user and the email of another', async () => {
  await onDatabase(command.database, async (source) => {
    for (const column of ['username', 'email']) {
      await source.query(
        `INSERT INTO users (id, ${column}, ${column}_key, created_at, updated_at)
         VALUES (gen_random_uuid(), 'bob@example.com', 'bob@example.com', now(), now())`,
      );
    }
  });
  const { code, stdout, stderr } = await command.run(['audit', '--user', 'Bob@example.com']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/"Bob@example.com" is the username of one user and the email of another/);
}, 300_000);

test.each([
  [['--user', 'nobody'], /there is no user "nobody"/],
  [['--since', 'yesterday'], /Expected a time/],
  [['--type', 'nothing'], /Allowed choices/],
  [['--limit', '-1'], /Expected a whole number/],
  [['--before', 'x'], /Expected the ID of an event/],
])(
  'rejects %j',
  async (options, reason) => {
    const { code, stdout, stderr } = await command.run(['audit', ...options]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(reason);
  },
  60_000,
);
