import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  AT,
  BE,
  BS,
  type Cbor,
  cbor,
  type Forgery,
  SoftwareAuthenticator,
  UP,
  UV,
} from '../../support/authenticator.js';
import { PASSWORD } from '../../support/client.js';
import { expectFaults, expectProblem } from '../../support/matchers.js';
import { ORIGIN, PasskeyUser } from '../../support/passkeys.js';
import { TestServer } from '../../support/server.js';

/** New passkeys that must not be accepted, and a few that look odd and must be. */
let server: TestServer;
let user: PasskeyUser;
beforeAll(async () => {
  server = await TestServer.start();
  user = await PasskeyUser.signUp(server.client, 'ana');
});
afterAll(() => server.stop());

const device = new SoftwareAuthenticator(ORIGIN);
const ED = 0x80;
const changed = (key: Cbor, value: Cbor) => new Map([...device.coseKey, [key, value]]);
const bytes = (text: string | number[]) => Buffer.from(text as string);
/** A key of another curve. */
const p384 = () => {
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const of = (text = '') => Buffer.from(text, 'base64url');
  return new Map<Cbor, Cbor>([
    [1, 2],
    [3, -35],
    [-1, 2],
    [-2, of(x)],
    [-3, of(y)],
  ]);
};
const id = (length: number) => ({
  id: Buffer.alloc(length).toString('base64url'),
  rawId: Buffer.alloc(length).toString('base64url'),
});

const withIdLength = (length: number) => (authData: Buffer) => {
  authData.writeUInt16BE(length, 53);
  return authData;
};

const FORGERIES: [string, Forgery][] = [
  ['an assertion', { type: 'webauthn.get' }],
  ['no type', { clientData: { type: undefined } }],
  ['a challenge that is not of the service', { challenge: randomBytes(55).toString('base64url') }],
  ['no challenge', { clientData: { challenge: undefined } }],
  ['a challenge that is no text', { clientData: { challenge: [1] } }],
  ['another origin', { origin: 'https://evil.example' }],
  ['the origin with another port', { origin: 'http://localhost:3001' }],
  ['the origin with another scheme', { origin: 'https://localhost:3000' }],
  ['the origin with a path', { origin: 'http://localhost:3000/' }],
  ['a subdomain of the origin', { origin: 'http://evil.localhost:3000' }],
  ['a frame in a page of another origin', { clientData: { crossOrigin: true } }],
  ['a frame whose crossOrigin is text', { clientData: { crossOrigin: 'true' } }],
  ['a top origin', { clientData: { topOrigin: 'https://evil.example' } }],
  ['an unknown token binding', { clientData: { tokenBinding: { status: 'x' } } }],
  ['client data that are no JSON', { clientDataBytes: bytes('{') }],
  ['client data that are an array', { clientDataBytes: bytes('[]') }],
  ['client data that are null', { clientDataBytes: bytes('null') }],
  ['client data that are not UTF-8', { clientDataBytes: Buffer.from([0x7b, 0xff, 0x7d]) }],
  ['another RP ID', { rpId: 'evil.example' }],
  ['no user presence', { flags: UV | AT }],
  ['no user verification', { flags: UP | AT }],
  ['a backup that is not eligible', { flags: UP | UV | AT | BS }],
  ['no credential', { flags: UP | UV }],
  ['extensions that are not there', { flags: UP | UV | AT | ED }],
  ['authenticator data of 36 bytes', { authData: (data) => data.subarray(0, 36) }],
  ['authenticator data without a key', { authData: (data) => data.subarray(0, 71) }],
  ['authenticator data that end in the key', { authData: (data) => data.subarray(0, -1) }],
  ['a byte after the authenticator data', { authData: (data) => Buffer.concat([data, bytes([0])]) }],
  ['a credential ID that is longer than the data', { authData: withIdLength(0xffff) }],
  ['a byte after the attestation object', { attestationObject: (object) => Buffer.concat([object, bytes([0])]) }],
  ['a truncated attestation object', { attestationObject: (object) => object.subarray(0, -1) }],
  ['an attestation object that is text', { attestationObject: () => cbor('none') }],
  ['an attestation object that is an array', { attestationObject: () => cbor(['none']) }],
  ['an empty attestation object', { attestationObject: () => cbor(new Map()) }],
  [
    'an attestation object without authenticator data',
    {
      attestationObject: () =>
        cbor(
          new Map<Cbor, Cbor>([
            ['fmt', 'none'],
            ['attStmt', new Map()],
          ]),
        ),
    },
  ],
  [
    'CBOR with a length in a longer form',
    { attestationObject: (object) => Buffer.concat([bytes([0xb8, 3]), object.subarray(1)]) },
  ],
  [
    'CBOR of indefinite length',
    { attestationObject: (object) => Buffer.concat([bytes([0xbf]), object.subarray(1), bytes([0xff])]) },
  ],
  [
    'CBOR with a member twice',
    { attestationObject: (object) => Buffer.concat([bytes([0xa4]), object.subarray(1), cbor('fmt'), cbor('none')]) },
  ],
  ['CBOR that is nested 20,000 times', { attestationObject: () => Buffer.alloc(20_000, 0x81) }],
  ['CBOR that claims 4 GiB', { attestationObject: () => Buffer.from([0x5a, 0xff, 0xff, 0xff, 0xff]) }],
  ['an algorithm that was not offered', { coseKey: p384() }],
  ['no algorithm', { coseKey: new Map([...device.coseKey].filter(([key]) => key !== 3)) }],
  ['an algorithm that is text', { coseKey: changed(3, 'ES256') }],
  ['a key that is text', { authData: (data) => Buffer.concat([data.subarray(0, 71), cbor('key')]) }],
  ['the ID of another credential', { credential: id(16) }],
  ['two IDs', { credential: { rawId: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
  ['a credential of another type', { credential: { type: 'password' } }],
  ['no attestation, with a statement', { attStmt: () => new Map<Cbor, Cbor>([['sig', bytes('x')]]) }],
  ['no attestation, with a statement that is text', { attStmt: () => 'x' }],
  [
    'an attestation with the signature of another key',
    { fmt: 'packed', attStmt: () => packed(other.signatureOf(bytes('x'))) },
  ],
  ['an attestation without a signature', { fmt: 'packed', attStmt: () => new Map([['alg', -7]]) }],
  ['an attestation over other bytes', { fmt: 'packed', signed: () => bytes('x'), attStmt: (sign) => packed(sign()) }],
  ['an attestation of another algorithm', { fmt: 'packed', attStmt: (sign) => packed(sign(), -257) }],
  [
    'an attestation with certificates',
    { fmt: 'packed', attStmt: (sign) => new Map<Cbor, Cbor>([...packed(sign()), ['x5c', [bytes('x')]]]) },
  ],
  ...['fido-u2f', 'tpm', 'apple', 'android-key', 'android-safetynet', 'x'].map((fmt): [string, Forgery] => [
    `an attestation of the format ${fmt}`,
    { fmt, attStmt: (sign) => packed(sign()) },
  ]),
];
const other = new SoftwareAuthenticator(ORIGIN);
function packed(sig: Buffer, alg = -7): Map<Cbor, Cbor> {
  return new Map<Cbor, Cbor>([
    ['alg', alg],
    ['sig', sig],
  ]);
}

const add = async (forged: Forgery, by = device) => {
  const credential = by.create(await user.creationOptions(), forged);
  return await server.client.post('/users/me/passkeys', { token: user.token, body: { credential } });
};

test.each(FORGERIES)('a new passkey with %s is refused', async (_, forged) => {
  expectProblem(await add(forged), 400, 'passkey_invalid');
});

const SHAPES: [string, object][] = [
  ['no id', { id: undefined }],
  ['an id with padding', { id: 'AAECAwQFBgcICQoLDA0ODw==' }],
  ['an id with other characters', { id: 'AAEC/wQFBgcICQoLDA0ODw' }],
  ['an id in another spelling of the same bytes', { id: 'AAECAwQFBgcICQoLDA0ODx' }],
  ['an id of 1,024 bytes', id(1024)],
  ['a type that is no text', { type: 5 }],
  ['no response', { response: null }],
  ['a response that is an array', { response: [] }],
  ['an empty response', { response: {} }],
  ['extension results that are text', { clientExtensionResults: 'x' }],
  ['an attachment that is a number', { authenticatorAttachment: 1 }],
];

test.each(SHAPES)('a credential with %s is not valid', async (_, credential) => {
  expectFaults(await add({ credential }), ['/credential', 'not_a_credential']);
});

test.each([
  ['no client data', { clientDataJSON: undefined }],
  ['client data in base64', { clientDataJSON: 'e30=' }],
  ['an attestation object that is an object', { attestationObject: {} }],
  ['transports that are text', { transports: 'usb' }],
  ['transports that are numbers', { transports: [1] }],
  ['a hundred transports', { transports: Array.from({ length: 100 }, () => 'usb') }],
])('a response with %s is not valid', async (_, response) => {
  expectFaults(await add({ response }), ['/credential', 'not_a_credential']);
});

test('a body without a credential, with another member or over the limit is rejected', async () => {
  const post = (body: unknown) => server.client.post('/users/me/passkeys', { token: user.token, body });
  expectFaults(await post({}), ['/credential', 'required']);
  for (const credential of [null, 1, 'x', []])
    expectFaults(await post({ credential }), ['/credential', 'not_a_credential']);
  const credential = device.create(await user.creationOptions());
  expectFaults(await post({ credential, user_id: 'x' }), ['/user_id', 'unknown_member']);
  const large = { ...credential, response: { ...credential.response, attestationObject: 'A'.repeat(40_000) } };
  expectProblem(await post({ credential: large }), 413, 'body_too_large');
});

test('after all of them, the user has no passkey and logs in with the password alone', async () => {
  const { body } = await server.client.get<{ passkeys: object[] }>('/users/me/passkeys', { token: user.token });
  expect(body.passkeys).toEqual([]);
  expect((await server.client.post('/auth/login', { body: { username: 'ana', password: PASSWORD } })).status).toBe(200);
});

test('a passkey that attests itself, and members that a newer browser may send, are accepted', async () => {
  const newer = {
    response: { future: 1 },
    credential: { future: {}, clientExtensionResults: { credProps: { rk: true } } },
  };
  const attested: Forgery = {
    fmt: 'packed',
    attStmt: (sign) => packed(sign()),
    clientData: { other_keys_can_be_added_here: 'x' },
  };
  for (const forged of [newer, attested, { flags: UP | UV | AT | BE }]) {
    const someone = await PasskeyUser.withPasskey(server.client, `odd-${randomBytes(4).toString('hex')}`);
    const { body } = await someone.signIn();
    const device = new SoftwareAuthenticator(ORIGIN);
    const { body: options } = await server.client.post<never>('/users/me/passkeys/options', {
      token: body.access_token,
    });
    const credential = device.create(options, forged);
    const answer = await server.client.post('/users/me/passkeys', { token: body.access_token, body: { credential } });
    expect([answer.status, answer.body.name]).toEqual([201, expect.any(String)]);
  }
});

test('an authenticator is registered once, by whomever', async () => {
  const first = await PasskeyUser.withPasskey(server.client, 'first');
  const { userHandle } = first.device;
  expectProblem(await add({}, first.device), 400, 'passkey_invalid');
  expect((await first.signIn({ userHandle })).status).toBe(200);
});
