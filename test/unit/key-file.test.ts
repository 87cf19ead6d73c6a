import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { InvalidKey, type KeyRules, readKeys } from '../../src/tokens/keys/key-file.js';

/** Which key files are accepted, and the errors for others (attack: weak key; ASVS 11.6.1). */
const pem = (key: KeyObject, type = 'pkcs8') =>
  key.export({ format: 'pem', type } as { format: 'pem'; type: 'pkcs8' }).toString();
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
const jwk = p256.privateKey.export({ format: 'jwk' });
const oct = (bytes: number): JsonWebKey => ({ kty: 'oct', k: Buffer.alloc(bytes, 1).toString('base64url') });
const json = JSON.stringify;
const ALLOWED = { allowRsa2048: true };

test.each<[string, string, string, KeyRules?]>([
  ['PKCS #8', pem(p256.privateKey), 'ES256'],
  ['SEC 1', pem(p256.privateKey, 'sec1'), 'ES256'],
  [
    'SEC 1 with its parameters before it, as openssl writes it',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(p256.privateKey, 'sec1')}`,
    'ES256',
  ],
  ['PKCS #1', pem(rsa(3072), 'pkcs1'), 'RS256'],
  ['RSA of 2048 bits, where that is allowed', pem(rsa(2048)), 'RS256', ALLOWED],
  ['a JWK', json(jwk), 'ES256'],
  ['a JWK for signing', json({ ...jwk, use: 'sig', key_ops: ['sign'], alg: 'ES256' }), 'ES256'],
  ['a set of one JWK', json({ keys: [jwk] }), 'ES256'],
  ['a secret of 32 bytes', json(oct(32)), 'HS256'],
])('%s is accepted as a signing key', (_, text, alg, rules = {}) => {
  const keys = readKeys(text, rules);
  expect(keys).toMatchObject([{ alg, privateKey: expect.anything() }]);
});

test.each<[string, string, RegExp, KeyRules?]>([
  ['nothing', '', /^is neither PEM nor a JWK$/],
  ['words', 'garbage', /^is neither PEM nor a JWK$/],
  ['null', 'null', /^is neither PEM nor a JWK$/],
  ['a list', '[]', /^is of type undefined/],
  ['a set of null', '{"keys":[null]}', /^is neither PEM nor a JWK$/],
  ['a broken PEM', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', /^can not be read as a key$/],
  ['a public PEM', pem(p256.publicKey, 'spki'), /^contains no private key, so it can not sign$/],
  [
    'an encrypted PEM',
    p256.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    /^is encrypted/,
  ],
  ['a key on P-384', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey), /^is not on P-256$/],
  ['a key on secp256k1', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), /^is not on P-256$/],
  [
    'a key of Ed25519',
    pem(generateKeyPairSync('ed25519').privateKey),
    /^has the type ed25519, which is not supported$/,
  ],
  [
    'RSA-PSS',
    pem(generateKeyPairSync('rsa-pss', { modulusLength: 3072 }).privateKey),
    /^(is |can not be read as a key)/,
  ],
  ['RSA of 2048 bits', pem(rsa(2048)), /^has 2048 bits; RSA keys have 3072 to 8192 here$/],
  ['RSA of 1024 bits, where 2048 are allowed', pem(rsa(1024)), /^has 1024 bits; RSA keys have 2048 to/, ALLOWED],
  ['RSA with exponent 3', pem(rsa(3072, 3)), /^has a weak public exponent$/],
  ['a secret of 31 bytes', json(oct(31)), /^has 31 bytes; a secret of HS256 has 32 or more$/],
  ['an empty secret', json(oct(0)), /^has 0 bytes/],
  ['a JWK for encryption', json({ ...jwk, use: 'enc' }), /^is for use enc, not sig$/],
  ['a JWK for key agreement', json({ ...jwk, key_ops: ['deriveKey'] }), /^is not for signatures \(key_ops\)$/],
  ['key_ops that is no list', json({ ...jwk, key_ops: 'sign' }), /^is not for signatures \(key_ops\)$/],
  ['a JWK for another algorithm', json({ ...jwk, alg: 'ES512' }), /^is of type EC for algorithm ES512$/],
  ['a JWK for no algorithm', json({ ...jwk, alg: 'none' }), /^is of type EC for algorithm none$/],
  ['a secret for RS256', json({ ...oct(32), alg: 'RS256' }), /^is of type oct for algorithm RS256$/],
  ['a JWK of Ed25519', json({ kty: 'OKP', crv: 'Ed25519', x: 'AA' }), /^is of type OKP/],
  ['a JWK off its curve', json({ ...jwk, x: jwk.y, y: jwk.x }), /^can not be read as a key$/],
  ['a type that every object has', json({ kty: 'constructor' }), /^is of type constructor/],
  ['two keys of one kid', json({ keys: [jwk, jwk] }), /^two keys have one kid$/],
  ['a secret beside a key pair', json({ keys: [jwk, oct(32)] }), /^secrets are mixed with key pairs$/],
])('%s is rejected', (_, text, reason, rules = {}) => {
  expect(() => readKeys(text, rules)).toThrow(InvalidKey);
  expect(() => readKeys(text, rules)).toThrow(reason);
});
