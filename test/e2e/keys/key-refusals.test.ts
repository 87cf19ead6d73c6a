import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { loadConfig } from '../../../src/config/config.js';
import { Sealing } from '../../../src/crypto/sealing.js';
import { thumbprint } from '../../../src/tokens/keys/jwk.js';
import { createDatabase, type TestDatabase } from '../../support/engine.js';
import { ServerProcess } from '../../support/process.js';
import { dumpTables, onDatabase } from '../../support/tables.js';

/** Starts that fail because of a wrong secret or unusable keys. They change nothing. */
const SECRET = Buffer.alloc(32, 7).toString('base64url');
const OTHER = Buffer.alloc(32, 8).toString('base64url');
const sealing = new Sealing(loadConfig({ PORTERO_SECRET: SECRET }).config);

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await ServerProcess.killAll();
  await database.drop();
});

/** The database of a server that has run for a while. */
async function used(): Promise<void> {
  const server = await ServerProcess.start(database.env);
  const { access_token } = await server.client.signUp('ana');
  await server.client.post('/logout', { token: access_token });
  await server.client.signUp('berta');
  await server.kill('SIGTERM');
  // A revocation that a start would delete.
  await onDatabase(database, (source) =>
    source.query(
      `INSERT INTO revocations (session_id, expires_at) VALUES (gen_random_uuid(), now() - interval '1 day')`,
    ),
  );
}

async function expectRefusal(settings: Record<string, string>, reason: RegExp): Promise<void> {
  const before = await dumpTables(database);
  const { code, stdout, stderr } = await ServerProcess.spawn({ ...database.env, PORTERO_SECRET: SECRET, ...settings })
    .exit;
  expect({ code, lines: stderr.trim().split('\n') }).toEqual({ code: 1, lines: [expect.stringMatching(reason)] });
  expect(stdout).not.toMatch(/listens on/);
  expect(await dumpTables(database)).toEqual(before);
}

const NOT_THE_SECRET =
  /^portero: PORTERO_SECRET \(or the secret file in DATA_DIR\) is not the secret that sealed the signing keys in this database; .*PORTERO_SECRET_PREVIOUS.*Nothing was changed$/;

test('another PORTERO_SECRET stops the start in one line, and changes nothing in any table', async () => {
  await used();
  expect(Object.values(await dumpTables(database)).filter((rows) => rows.length > 0).length).toBeGreaterThanOrEqual(6);
  await expectRefusal({ PORTERO_SECRET: OTHER }, NOT_THE_SECRET);
  await expectRefusal({ PORTERO_SECRET: OTHER, JWT_ALG: 'RS256', KEY_ROTATION: '1m' }, NOT_THE_SECRET);
  const third = Buffer.alloc(32, 9).toString('base64url');
  await expectRefusal({ PORTERO_SECRET: OTHER, PORTERO_SECRET_PREVIOUS: third }, NOT_THE_SECRET);
  const server = await ServerProcess.start(database.env);
  await server.client.logIn('ana');
});

test('peppers that the secret cannot decrypt stop the start too', async () => {
  await used();
  await onDatabase(database, (source) => source.query('DELETE FROM signing_keys'));
  await expectRefusal({ PORTERO_SECRET: OTHER }, /^portero: .* is not the secret that sealed the password peppers /);
});

/** Replaces the next key in the database by a correctly sealed one. */
async function plant(key: KeyObject, alg: string): Promise<void> {
  const kid = thumbprint(key);
  const plain = key.type === 'secret' ? key.export() : key.export({ format: 'der', type: 'pkcs8' });
  await onDatabase(database, async (source) => {
    await source.query(`DELETE FROM signing_keys WHERE status = 'next'`);
    await source.query(
      `INSERT INTO signing_keys (kid, alg, sealed_key, status, created_at, longest_ttl) VALUES ($1, $2, $3, 'next', now(), 300)`,
      [kid, alg, sealing.seal(plain, kid)],
    );
  });
}

test('a weak key in the database stops the start with a message that names the key and the reason [ASVS 11.2.3] [attack: weak key]', async () => {
  await used();
  const rsa = (modulusLength: number, publicExponent = 65_537) =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
  await plant(rsa(2048), 'RS256');
  await expectRefusal(
    {},
    /^portero: the signing key [\w-]{43} in the database has 2048 bits; RSA keys have 3072 to 8192 here$/,
  );
  const allowed = await ServerProcess.start({ ...database.env, JWT_ALG: 'RS256', JWT_ALLOW_RSA_2048: 'true' });
  await allowed.kill('SIGTERM');
  await plant(rsa(1024), 'RS256');
  await expectRefusal({ JWT_ALLOW_RSA_2048: 'true' }, /has 1024 bits; RSA keys have 2048 to 8192 here$/);
  await plant(rsa(3072, 3), 'RS256');
  await expectRefusal({}, /has a weak public exponent$/);
  await plant(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'ES256');
  await expectRefusal({}, /is not on P-256$/);
  await plant(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'RS256');
  await expectRefusal({}, /is no RSA key$/);
}, 90_000);

test('a sealed key that was moved to another row cannot be decrypted', async () => {
  await used();
  await onDatabase(database, (source) =>
    source.query(
      `UPDATE signing_keys SET sealed_key = (SELECT sealed_key FROM signing_keys WHERE status = 'active') WHERE status = 'next'`,
    ),
  );
  await expectRefusal({}, NOT_THE_SECRET);
});
