import fc from 'fast-check';
import type { FastifyReply } from 'fastify';
import { SessionCookieHeader } from '../../src/auth/access/session-cookie-header.js';
import { loadConfig } from '../../src/config/config.js';
import { Secret } from '../../src/config/secret.js';
import { SessionInvalid } from '../../src/sessions/session.errors.js';
import { SessionCookieCodec } from '../../src/sessions/session-cookie.js';

const secretOf = (byte: number) => Secret.parse(Buffer.alloc(32, byte).toString('base64url'));
const codec = new SessionCookieCodec({ secret: secretOf(1), secretPrevious: [] });
const id = fc.uuid();

test('a value decodes to its own session, and no two values are equal [ASVS 7.2.3]', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(id, (sessionId) => {
      for (let time = 0; time < 3; time++) {
        const value = codec.encode(sessionId);
        expect(codec.decode(value)).toBe(sessionId);
        expect(seen.has(value)).toBe(false);
        seen.add(value);
      }
    }),
  );
});

test('a value reveals nothing: neither the id nor its time, and no part repeats between values', () => {
  const sessionId = '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001';
  const values = Array.from({ length: 200 }, () => Buffer.from(codec.encode(sessionId), 'base64url'));
  const [first] = values as [Buffer];
  expect(first).toHaveLength(45);
  for (let at = 1; at < first.length; at++) expect(new Set(values.map((value) => value[at])).size).toBeGreaterThan(50);
  const raw = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  for (const value of values) {
    for (const part of [raw.subarray(0, 4), raw.subarray(0, 6), raw.subarray(12)])
      expect(value.includes(part)).toBe(false);
  }
});

test('rejects every text that is not exactly a value made here', () => {
  fc.assert(
    fc.property(id, fc.nat(), fc.integer({ min: 1, max: 255 }), (sessionId, at, flip) => {
      const bytes = Buffer.from(codec.encode(sessionId), 'base64url');
      bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ flip;
      expect(codec.decode(bytes.toString('base64url'))).toBeUndefined();
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => codec.decode(text) === undefined));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 45, maxLength: 45 }), (bytes) => {
      bytes[0] = 1;
      expect(codec.decode(Buffer.from(bytes).toString('base64url'))).toBeUndefined();
    }),
  );
});

test('accepts values of the current and the former secret only, and makes new ones with the current secret', () => {
  const [former, next] = [secretOf(1), secretOf(2)];
  const rotated = new SessionCookieCodec({ secret: next, secretPrevious: [former] });
  const alone = new SessionCookieCodec({ secret: next, secretPrevious: [] });
  fc.assert(
    fc.property(id, (sessionId) => {
      const value = codec.encode(sessionId);
      expect([alone.decode(value), rotated.decode(value)]).toEqual([undefined, sessionId]);
      expect(alone.decode(rotated.encode(sessionId))).toBe(sessionId);
      const token = codec.csrfToken(sessionId);
      expect([alone.isCsrfToken(sessionId, token), rotated.isCsrfToken(sessionId, token)]).toEqual([false, true]);
      expect(alone.isCsrfToken(sessionId, rotated.csrfToken(sessionId))).toBe(true);
    }),
  );
});

test('a CSRF token is valid only for its session, and in one spelling', () => {
  fc.assert(
    fc.property(id, id, fc.string({ unit: 'binary', maxLength: 60 }), (one, other, text) => {
      const token = codec.csrfToken(one);
      expect([codec.csrfToken(one), codec.isCsrfToken(one, token)]).toEqual([token, true]);
      for (const wrong of [text, '', `${token}=`, ` ${token}`, Buffer.from(token, 'base64url').toString('hex')]) {
        expect(codec.isCsrfToken(one, wrong)).toBe(false);
      }
      expect(codec.isCsrfToken(other, token)).toBe(one === other);
    }),
  );
});

const config = (url: string) =>
  loadConfig({ PUBLIC_URL: url, PORTERO_SECRET: Buffer.alloc(32).toString('base64url') }).config;
const plain = new SessionCookieHeader(config('http://localhost:3000'));
const secure = new SessionCookieHeader(config('https://auth.example.com'));

test('finds one session cookie among any others, and rejects two', () => {
  const value = fc.stringMatching(/^[\w-]{1,80}$/);
  const others = fc.array(
    fc.constantFrom('a=b', 'Portero=x', '__Host-portero2=x', ' portero2=y', '', '=', 'x', 'x-portero=portero=1'),
  );
  fc.assert(
    fc.property(others, value, others, fc.constantFrom(plain, secure), (before, good, after, header) => {
      const own = `${header === plain ? 'portero' : '__Host-portero'}=${good}`;
      expect(header.read({ cookie: [...before, own, ...after].join(';') })).toBe(good);
      expect(header.read({ cookie: [...before, ` \t${own}\t `, ...after].join('; ') })).toBe(good);
      expect(header.read({ cookie: [...before, ...after].join('; ') })).toBeUndefined();
      expect(() => header.read({ cookie: [...before, own, ...after, own].join('; ') })).toThrow(SessionInvalid);
      expect(() => header.read({ cookie: ['$Version=1', ...before, own].join('; ') })).toThrow(SessionInvalid);
    }),
  );
});

test('trims only spaces and tabs from a cookie name [attack: cookie tricks]', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), (prefix) => {
      fc.pre(!/[;=$]/.test(prefix) && prefix.replace(/^[ \t]+/, '') !== '');
      expect(secure.read({ cookie: `${prefix}__Host-portero=planted` })).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  expect(secure.read({})).toBeUndefined();
});

test('reads or rejects any header without an unexpected error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (cookie) => {
      try {
        plain.read({ cookie });
      } catch (error) {
        expect(error).toBeInstanceOf(SessionInvalid);
      }
    }),
  );
});

test('sets exactly the cookie of the contract', () => {
  const headers: [string, unknown][] = [];
  const reply = { header: (...pair: [string, unknown]) => headers.push(pair) } as unknown as FastifyReply;
  secure.set(reply, 'v');
  secure.clear(reply);
  expect(headers).toEqual([
    ['Set-Cookie', '__Host-portero=v; Path=/; Secure; HttpOnly; SameSite=Lax'],
    ['Set-Cookie', '__Host-portero=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax'],
    ['Clear-Site-Data', '"cache", "storage"'],
  ]);
});
