import { DataSource } from 'typeorm';
import { SigningKeys } from '../../../src/tokens/keys/signing-keys.js';
import { PASSWORD } from '../../support/client.js';
import { TestServer } from '../../support/server.js';

/**
 * Every suite fails if one of its secrets is unencrypted in a log or a database (attack row "secrets at rest and in
 * logs"; ASVS 14.2.1, 14.2.4, 16.2.5): see test/support/leaks.ts. This suite tests that scan with planted leaks.
 */
const plant = (server: TestServer, details: object) =>
  server.get(DataSource).query(
    `INSERT INTO audit_events (id, occurred_at, type, result, actor, details)
     VALUES (gen_random_uuid(), now(), 'login', 'ok', 'user', $1)`,
    [details],
  );

test.each<[string, (server: TestServer) => Promise<unknown>, RegExp]>([
  ['a password in a column', (server) => plant(server, { typed: PASSWORD }), /audit_events\.details/],
  [
    'a refresh token in a column, as bytes',
    async (server) => {
      const { refresh_token } = await server.client.logIn('ana');
      await server
        .get(DataSource)
        .query('UPDATE password_peppers SET sealed_pepper = $1', [Buffer.from(refresh_token)]);
    },
    /password_peppers\.sealed_pepper/,
  ],
  [
    'a private key in a column',
    async (server) => {
      const { d } = server.get(SigningKeys).active.privateKey?.export({ format: 'jwk' }) ?? {};
      await plant(server, { key: Buffer.from(d as string, 'base64url').toString('hex') });
    },
    /audit_events\.details/,
  ],
  [
    'an access token in a line of the log',
    async (server) => server.log.push({ msg: 'a line', token: (await server.client.logIn('ana')).access_token }),
    /in the log: \{"msg":"a line","token":"…"\}/,
  ],
])('the scan finds %s and reports where it is [ASVS 14.2.4, 16.2.5]', async (_, leak, where) => {
  const server = await TestServer.start();
  await server.client.signUp('ana');
  await leak(server);
  await expect(server.stop()).rejects.toThrow(where);
});

test('the scan finds nothing without a leak', async () => {
  const server = await TestServer.start();
  await server.client.signUp('ana');
  await server.stop();
});
