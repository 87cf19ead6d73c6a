import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import {
  AT,
  BE,
  BS,
  cbor,
  type Forgery,
  type PasskeyOptions,
  SoftwareAuthenticator,
  UP,
  UV,
} from '../../support/authenticator.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { ORIGIN, PasskeyUser } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

/** Uses of a passkey that must not be accepted: each at the sign-in without a username, and as a second factor. */
let server: TestServer;
let user: PasskeyUser;
let victim: PasskeyUser;
beforeAll(async () => {
  server = await TestServer.start();
  user = await PasskeyUser.withPasskey(server.client, 'ana');
  victim = await PasskeyUser.withPasskey(server.client, 'victim');
});
afterAll(() => server.stop());

const ED = 0x80;
const bytes = (text: string | number[]) => Buffer.from(text as string);
const base64url = (data: Buffer) => data.toString('base64url');
/** ECDSA signatures whose numbers are zero, which broken verifiers accept for any key (CVE-2022-21449). */
const ZEROS = bytes([0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);
const other = new SoftwareAuthenticator(ORIGIN);

const FORGERIES: [string, Forgery][] = [
  ['a registration', { type: 'webauthn.create' }],
  ['no type', { clientData: { type: undefined } }],
  ['a challenge that is not of the service', { challenge: base64url(randomBytes(55)) }],
  ['an empty challenge', { challenge: '' }],
  ['a challenge that is an object', { clientData: { challenge: {} } }],
  ['another origin', { origin: 'https://evil.example' }],
  ['the origin with another port', { origin: 'http://localhost:3001' }],
  ['the origin in upper case', { origin: 'http://LOCALHOST:3000' }],
  ['the origin null', { origin: 'null' }],
  ['a frame in a page of another origin', { clientData: { crossOrigin: true } }],
  ['a named top origin', { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } }],
  ['a top origin without a frame', { clientData: { topOrigin: ORIGIN } }],
  ['client data that are no JSON', { clientDataBytes: bytes('webauthn.get') }],
  ['client data that are a number', { clientDataBytes: bytes('1') }],
  ['client data that are not UTF-8', { clientDataBytes: bytes([0x22, 0xc0, 0x80, 0x22]) }],
  ['another RP ID', { rpId: 'evil.example' }],
  ['no user presence', { flags: UV }],
  ['no user verification', { flags: UP }],
  ['no flags', { flags: 0 }],
  ['a backup that is not eligible', { flags: UP | UV | BS }],
  ['a passkey that can be backed up by now', { flags: UP | UV | BE }],
  ['a credential that is not there', { flags: UP | UV | AT }],
  ['extensions that are not there', { flags: UP | UV | ED }],
  ['authenticator data of 36 bytes', { authData: (data) => data.subarray(0, 36) }],
  ['a byte after the authenticator data', { authData: (data) => Buffer.concat([data, bytes([0])]) }],
  ['extensions that are no CBOR', { flags: UP | UV | ED, authData: (data) => Buffer.concat([data, bytes([0xff])]) }],
  [
    'extensions that are nested 20,000 times',
    { flags: UP | UV | ED, authData: (data) => Buffer.concat([data, Buffer.alloc(20_000, 0x81)]) },
  ],
  ['a signature over other bytes', { signed: () => bytes('x') }],
  ['a signature over the client data alone', { signed: (data) => data.subarray(-32) }],
  [
    'the signature of another key',
    { signed: (data) => data, response: { signature: base64url(other.signatureOf(bytes('x'))) } },
  ],
  ['a signature of zeros', { response: { signature: base64url(ZEROS) } }],
  ['a signature that is not DER', { response: { signature: base64url(Buffer.alloc(64, 1)) } }],
  ['a signature of one byte', { response: { signature: 'AA' } }],
  ['a signature of 8 KiB', { response: { signature: base64url(Buffer.alloc(8192, 0x30)) } }],
  [
    'other client data than those that were signed',
    { response: { clientDataJSON: base64url(bytes('{"type":"webauthn.get"}')) } },
  ],
  ['an unknown credential', { credential: { id: base64url(other.id), rawId: base64url(other.id) } }],
  ['two IDs', { credential: { rawId: base64url(other.id) } }],
  ['a credential of another type', { credential: { type: 'password' } }],
  ['a user handle of nobody', { userHandle: base64url(randomBytes(16)) }],
  ['a user handle that is no UUID', { userHandle: base64url(Buffer.alloc(16, 0xff)) }],
  ['a user handle of 64 bytes', { userHandle: base64url(Buffer.alloc(64)) }],
];

const signIn = (forged: Forgery) => user.signIn(forged);
async function secondFactor(passkeyOf: (options: PasskeyOptions) => object) {
  const mfa_token = await user.mfaToken();
  const passkey = passkeyOf(await user.secondFactorOptions(mfa_token));
  return await server.client.post('/auth/second-factor', { body: { mfa_token, passkey } });
}

test.each(FORGERIES)('a passkey with %s is refused', async (_, forged) => {
  expectProblem(await signIn(forged), 401, 'passkey_invalid');
  expectProblem(await secondFactor((options) => user.device.get(options, forged)), 401, 'second_factor_invalid');
});

test('the passkey of one user signs in nobody else, whoever the user handle names', async () => {
  const handles = [user.device.userHandle, victim.device.userHandle];
  expectProblem(await signIn({ userHandle: victim.device.userHandle }), 401, 'passkey_invalid');
  const theirs = { id: base64url(victim.device.id), rawId: base64url(victim.device.id) };
  for (const userHandle of handles)
    expectProblem(await signIn({ userHandle, credential: theirs }), 401, 'passkey_invalid');
  for (const userHandle of [...handles, null]) {
    const answer = await secondFactor((options) => victim.device.get(options, { userHandle }));
    expectProblem(answer, 401, 'second_factor_invalid');
  }
});

test('a sign-in needs the user handle, which names the user; the second step does not', async () => {
  expectProblem(await signIn({ userHandle: null }), 401, 'passkey_invalid');
  expectProblem(await signIn({ response: { userHandle: undefined } }), 401, 'passkey_invalid');
  expect((await secondFactor((options) => user.device.get(options, { userHandle: null }))).status).toBe(200);
});

const SHAPES: [string, Forgery][] = [
  ['no id', { credential: { id: undefined } }],
  ['an empty id', { credential: { id: '' } }],
  ['an id with padding', { credential: { id: 'AAECAwQFBgcICQoLDA0ODw==' } }],
  ['an id in another spelling of the same bytes', { credential: { id: 'AAECAwQFBgcICQoLDA0ODx' } }],
  ['no response', { credential: { response: undefined } }],
  ['a response that is text', { credential: { response: 'x' } }],
  ['no signature', { response: { signature: undefined } }],
  ['an empty signature', { response: { signature: '' } }],
  ['a signature that is an array', { response: { signature: [1, 2] } }],
  ['a signature in base64', { response: { signature: 'ab+/' } }],
  ['no authenticator data', { response: { authenticatorData: undefined } }],
  ['client data that are an object', { response: { clientDataJSON: { type: 'webauthn.get' } } }],
  ['a user handle that is a number', { response: { userHandle: 5 } }],
  ['a user handle with white space', { response: { userHandle: 'AA AA' } }],
];

test.each(SHAPES)('a credential with %s is not valid', async (_, forged) => {
  expectFaults(await signIn(forged), ['/credential', 'not_a_credential']);
  const answer = await secondFactor((options) => user.device.get(options, forged));
  expectFaults(answer, ['/passkey', 'not_a_credential']);
});

test('a body without a credential, with another member or over the limit is rejected', async () => {
  const post = (body: unknown) => server.client.post('/auth/passkey', { body });
  expectFaults(await post({}), ['/credential', 'required']);
  for (const credential of [null, 1, 'x', [], true])
    expectFaults(await post({ credential }), ['/credential', 'not_a_credential']);
  const credential = user.device.get({ challenge: 'AAAA', rpId: 'localhost' });
  expectFaults(await post({ credential, username: 'victim' }), ['/username', 'unknown_member']);
  const large = { ...credential, response: { ...credential.response, signature: 'A'.repeat(40_000) } };
  expectProblem(await post({ credential: large }), 413, 'body_too_large');
});

test('an authenticator with extension data is accepted, and so are members that a newer browser may send', async () => {
  const extensions: Forgery = {
    flags: UP | UV | ED,
    authData: (data) => Buffer.concat([data, cbor(new Map([['x', true]]))]),
  };
  const newer: Forgery = {
    credential: { future: [] },
    response: { future: {} },
    clientData: { other_keys_can_be_added_here: 'x' },
  };
  for (const forged of [extensions, newer, { credential: { authenticatorAttachment: null } }]) {
    expect((await signIn(forged)).status).toBe(200);
  }
});

test('a disabled user cannot sign in with a passkey', async () => {
  const gone = await PasskeyUser.withPasskey(server.client, 'gone');
  await server.get(DataSource).query(`UPDATE users SET disabled_at = now() WHERE username = 'gone'`);
  expectProblem(await gone.signIn(), 401, 'passkey_invalid');
});
