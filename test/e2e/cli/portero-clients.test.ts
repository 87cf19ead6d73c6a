import { testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';
import { Service } from '../../support/service.js';
import { dumpTables } from '../../support/tables.js';

/** `portero clients`. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await command.remove();
});

const clients = async (...args: string[]) => await command.run(['clients', ...args]);
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test('creates, lists and revokes a client, and shows its secret once without storing it', async () => {
  const created = await clients('create', '--name', 'shop, "the" new one', '--json');
  const { client_id: id, client_secret: secret, name } = JSON.parse(created.stdout);
  expect({ code: created.code, id, secret, name }).toEqual({
    code: 0,
    id: expect.stringMatching(ID),
    secret: expect.stringMatching(/^[\w-]{43}$/),
    name: 'shop, "the" new one',
  });
  const listed = JSON.parse((await clients('list', '--json')).stdout);
  expect(listed).toEqual({
    clients: [{ client_id: id, name, created_at: expect.stringMatching(/Z$/), revoked_at: null }],
  });
  const dump = JSON.stringify(await dumpTables(command.database));
  expect(dump).toContain(id);
  expect(dump).not.toContain(secret);
  expect(dump).not.toContain(Buffer.from(secret).toString('hex'));
  expect(dump).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  expect(await clients('revoke', id)).toEqual({
    code: 0,
    stdout: 'revoked shop, "the" new one: its secret is rejected\n',
    stderr: '',
  });
  expect((await clients('list')).stdout).toMatch(
    new RegExp(`^NAME +CLIENT ID +CREATED +REVOKED\\n${name} +${id} +\\S+Z +\\S+Z\\n$`),
  );
  expect(JSON.parse((await clients('list', '--json')).stdout).clients[0].revoked_at).toMatch(/Z$/);
}, 90_000);

test('labels each value in text output, and warns that the secret is not shown again', async () => {
  expect(await clients('list')).toEqual({ code: 0, stdout: 'no clients\n', stderr: '' });
  const { stdout } = await clients('create', '--name', 'shop');
  expect(stdout).toMatch(
    /^client_id {6}[0-9a-f-]{36}\nclient_secret {2}[\w-]{43}\nThe secret cannot be shown again\.\n$/,
  );
});

test.each([
  ['no name', ['create'], /required option '--name <name>' not specified/],
  ['an empty name', ['create', '--name', ' '], /--name must not be empty/],
  ['an id that is none', ['revoke', "' OR 1=1 --"], /there is no active client ' OR 1=1 --/],
  ['an unknown id', ['revoke', '018f0000-0000-7000-8000-000000000000'], /there is no active client 018f/],
  ['no id', ['revoke'], /missing required argument 'client_id'/],
])('fails in one line with %s', async (_, args, reason) => {
  const { code, stdout, stderr } = await clients(...args);
  expect({ code, stdout, lines: stderr.trim().split('\n') }).toEqual({
    code: 1,
    stdout: '',
    lines: [expect.stringMatching(reason)],
  });
});

test('a client can’t be revoked twice', async () => {
  const { client_id: id } = JSON.parse((await clients('create', '--name', 'shop', '--json')).stdout);
  expect(await clients('revoke', id, '--json')).toMatchObject({ stdout: `{"client_id":"${id}","revoked":true}\n` });
  expect(await clients('revoke', id)).toMatchObject({ code: 1, stderr: `portero: there is no active client ${id}\n` });
});

testOnPostgres('a running server accepts a new client and rejects a revoked one at once', async () => {
  const server = await ServerProcess.start(command.database.env);
  const { client_id: id, client_secret: secret } = JSON.parse(
    (await clients('create', '--name', 'shop', '--json')).stdout,
  );
  const service = new Service(server.client, id, secret);
  const { access_token } = await server.client.signUp('ana');
  expect((await service.introspect(access_token)).body).toMatchObject({ active: true, username: 'ana' });
  await clients('revoke', id);
  expect(await service.introspect(access_token)).toMatchObject({ status: 401, body: { code: 'invalid_client' } });
});
