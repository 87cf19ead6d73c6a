import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, decodeProtectedHeader, exportJWK } from 'jose';
import { until } from '../../support/instances.js';
import { testOnPostgres } from '../../support/on-engine.js';
import { PorteroCommand } from '../../support/portero-command.js';
import { ServerProcess } from '../../support/process.js';
import { TestServer } from '../../support/server.js';
import { dumpTables } from '../../support/tables.js';

/** `portero keys`. */
let command: PorteroCommand;
beforeEach(async () => {
  command = await PorteroCommand.create();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await TestServer.stopAll();
  await command.remove();
});

interface ListedKey {
  kid: string;
  alg: string;
  status: string;
  created_at: string;
  activated_at: string | null;
  published_until: string | null;
}
const keys = async (...args: string[]) => await command.run(['keys', ...args]);
const list = async (): Promise<ListedKey[]> => JSON.parse((await keys('list', '--json')).stdout).keys;
const kidOf = async (status: string) => (await list()).find((key) => key.status === status)?.kid as string;
const kidOfToken = (token: string) => decodeProtectedHeader(token).kid as string;
/** The database of a server that created its keys and stopped. */
async function started(settings: Record<string, string> = {}): Promise<void> {
  const server = await TestServer.on(command.database, settings);
  await server.stop();
}
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8') =>
  key.export({ format: 'pem', type } as { format: 'pem'; type: 'pkcs8' }) as string;
const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('before the first start, reports that the server creates the keys', async () => {
  expect(await keys('list')).toEqual({
    code: 0,
    stdout: 'no keys: the server creates them at its first start\n',
    stderr: '',
  });
  expect(await keys('list', '--json')).toMatchObject({ code: 0, stdout: '{"keys":[]}\n' });
  expect(await keys('rotate')).toMatchObject({
    code: 1,
    stderr: 'portero: there are no keys: the server creates them at its first start\n',
  });
});

test('list, rotate and revoke show key states as text and as JSON', async () => {
  await started();
  const [active, next] = [await kidOf('active'), await kidOf('next')];
  expect(await list()).toEqual(
    expect.arrayContaining([
      { kid: active, alg: 'ES256', status: 'active', created_at: TIME, activated_at: TIME, published_until: null },
      { kid: next, alg: 'ES256', status: 'next', created_at: TIME, activated_at: null, published_until: null },
    ]),
  );
  const rotated = await keys('rotate', '--json');
  expect({ code: rotated.code, answer: JSON.parse(rotated.stdout) }).toEqual({ code: 0, answer: { active: next } });
  expect(rotated.stderr).toMatch(
    /^(waiting .*\n)?the key was published \d+ s ago: services that have cached the previous JWK Set .*\n$/,
  );
  expect(await kidOf('active')).toBe(next);
  expect((await list()).find(({ kid }) => kid === active)).toMatchObject({ status: 'retiring', published_until: TIME });
  const again = await keys('rotate');
  expect(again.stdout).toMatch(/^[\w-]{43} is the active key\n$/);
  const lines = (await keys('list')).stdout.trim().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(/^KEY +ALGORITHM +STATE +CREATED +PUBLISHED UNTIL$/);
  expect(lines.find((line) => line.startsWith(active))).toMatch(/^[\w-]{43} +ES256 +retiring +\S+Z +\S+Z$/);
  expect(await keys('revoke', active)).toEqual({
    code: 0,
    stdout: `revoked ${active}: its tokens are rejected\n`,
    stderr: '',
  });
  expect(await keys('revoke', next, '--json')).toEqual({
    code: 0,
    stdout: `{"kid":"${next}","revoked":true}\n`,
    stderr: '',
  });
  expect((await list()).map(({ status }) => status).sort()).toEqual(['active', 'next', 'revoked', 'revoked']);
}, 120_000);

test('an imported key is published next and signs after a rotation, under its thumbprint', async () => {
  await started();
  const { privateKey, publicKey } = p256();
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey), 'sha256');
  const imported = await keys('import', command.file('key.pem', pem(privateKey)));
  expect(imported).toEqual({
    code: 0,
    stdout: `${kid} is the next key; to make it the active one, run portero keys rotate\n`,
    stderr: '',
  });
  expect(await kidOf('next')).toBe(kid);
  await keys('rotate');
  const server = await TestServer.on(command.database);
  const { access_token } = await server.client.signUp('ana');
  expect(kidOfToken(access_token)).toBe(kid);
  await server.stop();
  expect(await keys('import', command.file('again.pem', pem(privateKey)))).toMatchObject({
    code: 1,
    stderr: `portero: key ${kid} is there already, as active\n`,
  });
}, 120_000);

test('every command fails in one line and seals nothing with another PORTERO_SECRET', async () => {
  await started();
  const kid = await kidOf('active');
  const before = await dumpTables(command.database);
  Object.assign(command.database.env, { PORTERO_SECRET: Buffer.alloc(32, 8).toString('base64url') });
  const file = command.file('key.pem', pem(p256().privateKey));
  for (const args of [['list'], ['rotate'], ['revoke', kid], ['export', kid], ['import', file]]) {
    expect(await keys(...args)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'portero: PORTERO_SECRET is not the secret that sealed the signing keys in this database\n',
    });
  }
  expect(await dumpTables(command.database)).toEqual(before);
}, 120_000);

test('a key ID that starts with a hyphen is an argument, not an option', async () => {
  await started();
  let key = p256();
  let kid = '';
  while (!kid.startsWith('-')) {
    key = p256();
    kid = await calculateJwkThumbprint(await exportJWK(key.publicKey), 'sha256');
  }
  await keys('import', command.file('key.pem', pem(key.privateKey)));
  expect(JSON.parse((await keys('export', kid)).stdout)).toMatchObject({ kid });
  expect(await keys('revoke', kid, '--json')).toEqual({
    code: 0,
    stdout: `{"kid":"${kid}","revoked":true}\n`,
    stderr: '',
  });
}, 120_000);

test('export prints the public key, or the secret for HS256', async () => {
  await started();
  const kid = await kidOf('active');
  const { stdout } = await keys('export', kid);
  const text = expect.stringMatching(/^[\w-]{43}$/);
  expect(JSON.parse(stdout)).toEqual({ kty: 'EC', crv: 'P-256', x: text, y: text, use: 'sig', alg: 'ES256', kid });
  Object.assign(command.database.env, { JWT_ALG: 'HS256' });
  const file = command.file('oct', JSON.stringify({ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }));
  const { next } = JSON.parse((await keys('import', file, '--json')).stdout);
  const secret = { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url'), use: 'sig', alg: 'HS256', kid: next };
  expect(JSON.parse((await keys('export', next)).stdout)).toEqual(secret);
});

testOnPostgres('all running instances reject the tokens of a revoked key at once, without a restart', async () => {
  const env = command.database.env;
  const servers = await Promise.all([ServerProcess.start(env), ServerProcess.start(env), ServerProcess.start(env)]);
  const tokens = await servers[0].client.signUp('ana');
  const statuses = async (token: string) =>
    Promise.all(servers.map(async ({ client }) => (await client.get('/protected', { token })).body.code ?? 'good'));
  expect(await statuses(tokens.access_token)).toEqual(['good', 'good', 'good']);
  expect(await keys('revoke', kidOfToken(tokens.access_token))).toMatchObject({ code: 0 });
  // A running server reads the change at a notification, or within a second.
  const refusedByAll = Array(3).fill('token_malformed').join();
  await until(refusedByAll, async () => (await statuses(tokens.access_token)).join(), 2000);
  for (const { client } of servers) {
    const { access_token } = await client.logIn('ana');
    expect(await statuses(access_token)).toEqual(['good', 'good', 'good']);
  }
});
