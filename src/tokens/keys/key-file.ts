import { createPrivateKey, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { JwtAlg } from '../../config/config.js';
import type { Key } from '../jwa.js';
import { thumbprint } from './jwk.js';
import { weakness } from './weak-key.js';

const ALGORITHM_OF_TYPE = new Map<unknown, JwtAlg>([
  ['EC', 'ES256'],
  ['RSA', 'RS256'],
  ['oct', 'HS256'],
]);

/** The key can't be used. The message is for the operator and continues a sentence: `the key …`. */
export class InvalidKey extends Error {
  override name = 'InvalidKey';
}

export interface KeyRules {
  /** Accepts RSA keys of 2048 bits; the minimum is 3072 otherwise. */
  allowRsa2048?: boolean;
}

/**
 * Reads the keys in a text: a private key in PEM (PKCS #8, PKCS #1 or SEC 1), a JWK or a JWK Set (RFC 7517).
 *
 * @throws InvalidKey
 */
export function readKeys(text: string, rules: KeyRules = {}): Key[] {
  if (text.trimStart().startsWith('-----BEGIN')) return [readPem(text, rules)];
  const json = parse(text);
  return Array.isArray(json.keys) ? readJwkSet(json.keys as JsonWebKey[], rules) : [readJwk(json, rules)];
}

/**
 * Reads a JWK Set in which each key is valid, `kid`s are unique, and secrets are not mixed with key pairs. Otherwise a token
 * could be verified with the wrong key.
 *
 * @throws InvalidKey
 */
export function readJwkSet(jwks: readonly JsonWebKey[], rules: KeyRules = {}): Key[] {
  const keys = jwks.map((jwk) => readJwk(jwk, rules));
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new InvalidKey('two keys have one kid');
  if (new Set(keys.map(({ alg }) => alg === 'HS256')).size > 1)
    throw new InvalidKey('secrets are mixed with key pairs');
  return keys;
}

/**
 * Reads a JWK, public or private, for its `alg` or the only algorithm of its type. Without a `kid` it gets its thumbprint
 * (RFC 7638).
 *
 * @throws InvalidKey
 */
export function readJwk(jwk: JsonWebKey, rules: KeyRules = {}): Key {
  if (typeof jwk !== 'object' || jwk === null) throw new InvalidKey('is neither PEM nor a JWK');
  const expected = ALGORITHM_OF_TYPE.get(jwk.kty);
  const { alg = expected, use = 'sig', key_ops: operations = ['sign', 'verify'], kid } = jwk as Record<string, unknown>;
  if (expected === undefined || alg !== expected) throw new InvalidKey(`is of type ${jwk.kty} for algorithm ${alg}`);
  if (use !== 'sig') throw new InvalidKey(`is for use ${use}, not sig`);
  if (!Array.isArray(operations) || !operations.some((operation) => operation === 'sign' || operation === 'verify')) {
    throw new InvalidKey('is not for signatures (key_ops)');
  }
  const key = createKey(() =>
    jwk.kty === 'oct'
      ? createSecretKey(Buffer.from(jwk.k ?? '', 'base64url'))
      : jwk.d === undefined
        ? createPublicKey({ key: jwk, format: 'jwk' })
        : createPrivateKey({ key: jwk, format: 'jwk' }),
  );
  return checked(key, expected, rules, typeof kid === 'string' ? kid : undefined);
}

function readPem(text: string, rules: KeyRules): Key {
  if (text.includes('ENCRYPTED')) throw new InvalidKey('is encrypted: remove its passphrase first (openssl pkey)');
  if (!text.includes('PRIVATE KEY-----')) throw new InvalidKey('contains no private key, so it can not sign');
  const key = createKey(() => createPrivateKey(text));
  const alg = ALGORITHM_OF_TYPE.get(createKey(() => key.export({ format: 'jwk' })).kty);
  if (alg === undefined) throw new InvalidKey(`has the type ${key.asymmetricKeyType}, which is not supported`);
  return checked(key, alg, rules);
}

/** @throws InvalidKey if the key is weak or not for the algorithm */
export function checked(key: KeyObject, alg: JwtAlg, rules: KeyRules = {}, kid?: string): Key {
  const fault = weakness(key, alg, rules);
  if (fault !== undefined) throw new InvalidKey(fault);
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return { kid: kid ?? thumbprint(publicKey), alg, privateKey: key.type === 'public' ? undefined : key, publicKey };
}

function createKey<T>(create: () => T): T {
  try {
    return create();
  } catch (cause) {
    throw new InvalidKey('can not be read as a key', { cause });
  }
}

function parse(text: string): JsonWebKey & { keys?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as JsonWebKey;
  } catch {
    // Reported below.
  }
  throw new InvalidKey('is neither PEM nor a JWK');
}
