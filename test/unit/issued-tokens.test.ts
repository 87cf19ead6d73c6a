import { generateKeyPairSync } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { Config } from '../../src/config/config.js';
import { AccessTokens } from '../../src/tokens/access-tokens.js';
import type { Key } from '../../src/tokens/jwa.js';
import type { SigningKeys } from '../../src/tokens/keys/signing-keys.js';
import { TokenExpired, TokenMalformed } from '../../src/tokens/token.errors.js';
import { MovableClock } from '../support/movable-clock.js';

const id = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';
const subject = {
  userId: id,
  sessionId: id,
  name: 'ana',
  amr: ['pwd'],
  authTime: new Date(),
  notAfter: new Date(Date.now() + 3_600_000),
};

/** A key whose public half belongs to another key pair, so that nothing it signs can be verified. */
function unverifiableKey(): Key {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid: 'key', alg: 'ES256', privateKey, publicKey };
}

function issuer(tokenCacheSize: number) {
  const key = unverifiableKey();
  const known = new Map<string | undefined, Key>([[key.kid, key]]);
  let forgotten = () => {};
  const keys = {
    active: key,
    find: (kid: string | undefined) => known.get(kid),
    onForgotten: (callback: () => void) => {
      forgotten = callback;
    },
  } as unknown as SigningKeys;
  const settings = { publicUrl: 'http://a', jwtAudience: 'http://a', accessTokenTtl: 300_000, tokenCacheSize };
  const clock = new MovableClock();
  const tokens = new AccessTokens(keys, settings as Config, clock, new JwtService());
  const forgetKey = () => {
    known.clear();
    forgotten();
  };
  return { tokens, clock, forgetKey };
}

test('accepts a token that it has issued without verifying the signature', () => {
  const { tokens } = issuer(100);
  const { token } = tokens.issue(subject);
  const claims = tokens.verify(token);
  expect(claims).toEqual(JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()));
  expect(Object.isFrozen(claims)).toBe(true);
});

test('verifies the signature of its own token if nothing is cached', () => {
  const { tokens } = issuer(0);
  const { token } = tokens.issue(subject);
  expect(() => tokens.verify(token)).toThrow(TokenMalformed);
});

test('verifies a token that differs from an issued one in any part', () => {
  const { tokens } = issuer(100);
  const [header, payload, signature] = tokens.issue(subject).token.split('.') as [string, string, string];
  const other = Buffer.from(payload, 'base64url').toString().replace('"ana"', '"bob"');
  const forged = [
    `${header}.${Buffer.from(other).toString('base64url')}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${header}x.${payload}.${signature}`,
    `${header}.${payload}.${signature}x`,
  ];
  for (const token of forged) expect(() => tokens.verify(token)).toThrow(TokenMalformed);
});

test('rejects an issued token that has expired', () => {
  const { tokens, clock } = issuer(100);
  const { token } = tokens.issue(subject);
  clock.advance(299_000);
  expect(tokens.verify(token).exp).toBeGreaterThan(clock.seconds());
  clock.advance(1000);
  expect(() => tokens.verify(token)).toThrow(TokenExpired);
});

test('rejects an issued token whose key has been revoked, also one issued afterwards', () => {
  const { tokens, forgetKey } = issuer(100);
  const { token } = tokens.issue(subject);
  forgetKey();
  expect(() => tokens.verify(token)).toThrow(TokenMalformed);
  expect(() => tokens.verify(tokens.issue(subject).token)).toThrow(TokenMalformed);
});
