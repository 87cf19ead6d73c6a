import { generateKeyPairSync } from 'node:crypto';
import { PorteroCommand } from '../../support/portero-command.js';
import { TestServer } from '../../support/server.js';
import { dumpTables } from '../../support/tables.js';

/** Errors of `portero keys import`. Which keys are accepted is tested in test/unit/key-file.test.ts. */
let command: PorteroCommand;
beforeAll(async () => {
  command = await PorteroCommand.create();
  const server = await TestServer.on(command.database);
  await server.stop();
});
afterAll(async () => {
  await TestServer.stopAll();
  await command.remove();
});

const run = async (args: string[], settings: Record<string, string> = {}) => {
  Object.assign(command.database.env, { JWT_ALG: 'ES256', JWT_ALLOW_RSA_2048: 'false' }, settings);
  return await command.run(['keys', ...args]);
};
const pem = (type: 'rsa' | 'ec', modulusLength = 3072) =>
  (type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength }))
    .privateKey;
const text = { format: 'pem', type: 'pkcs8' } as const;
const file = (content: string | Buffer) => command.file('key.pem', content);

test.each<[string, () => string[], RegExp]>([
  ['a missing file', () => ['import', 'missing.pem'], /^portero: can't read missing\.pem: ENOENT: no such file/],
  ['a folder', () => ['import', command.folder], /^portero: can't read .*: EISDIR/],
  ['garbage', () => ['import', file('garbage')], /key\.pem is neither PEM nor a JWK$/],
  [
    'an encrypted key',
    () => ['import', file(pem('ec').export({ ...text, cipher: 'aes-256-cbc', passphrase: 'x' }))],
    /key\.pem is encrypted: remove its passphrase first/,
  ],
  ['a weak key', () => ['import', file(pem('rsa', 2048).export(text))], /key\.pem has 2048 bits; RSA keys have 3072/],
  ['a key for RS256', () => ['import', file(pem('rsa').export(text))], /key\.pem is for RS256, and JWT_ALG is ES256$/],
  [
    'a public JWK',
    () => ['import', file(JSON.stringify({ ...pem('ec').export({ format: 'jwk' }), d: undefined }))],
    /key\.pem is a public key, and can not sign$/,
  ],
  [
    'two keys',
    () => ['import', file(JSON.stringify({ keys: [1, 2].map(() => pem('ec').export({ format: 'jwk' })) }))],
    /key\.pem contains 2 keys, not one$/,
  ],
  ['an unknown kid', () => ['revoke', 'unknown'], /^portero: there is no key unknown$/],
  ['an unknown kid to export', () => ['export', 'unknown'], /^portero: there is no key unknown$/],
  ['no kid', () => ['revoke'], /missing required argument 'kid'$/],
])(
  'fails in one line and changes nothing with %s',
  async (_, args, reason) => {
    const before = await dumpTables(command.database);
    const { code, stdout, stderr } = await run(args());
    const lines = stderr.trim().split('\n');
    expect({ code, stdout, lines }).toEqual({ code: 1, stdout: '', lines: [expect.stringMatching(reason)] });
    expect(await dumpTables(command.database)).toEqual(before);
  },
  60_000,
);

test('accepts a key for JWT_ALG: 2048-bit RSA if allowed by an option, and a secret for HS256', async () => {
  const rsa = file(pem('rsa', 2048).export(text));
  expect(await run(['import', rsa], { JWT_ALG: 'RS256', JWT_ALLOW_RSA_2048: 'true' })).toMatchObject({ code: 0 });
  const secret = file(JSON.stringify({ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }));
  const settings = { JWT_ALG: 'HS256', JWT_ALLOW_RSA_2048: 'true' };
  expect(await run(['import', secret], settings)).toMatchObject({ code: 0 });
}, 60_000);
