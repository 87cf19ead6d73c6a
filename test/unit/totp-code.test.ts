import { describeTotp, newTotpSecret, stepOf } from '../../src/second-factors/totp-code.js';

/** RFC 6238 appendix B, SHA-1: the seconds, and the last six of the eight digits. */
const SECRET = Buffer.from('12345678901234567890');
const VECTORS: [seconds: number, code: string][] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
];
const STEP = 30_000;

test.each(VECTORS)('at %d s the code of RFC 6238 appendix B is %s', (seconds, code) => {
  expect(stepOf(SECRET, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
});

test.each(VECTORS)('at %d s the code is accepted one step early or late, and not two [ASVS 6.5.5]', (seconds, code) => {
  const step = Math.floor(seconds / 30);
  const [first, last] = [step * STEP, (step + 1) * STEP - 1];
  expect([first - STEP, first, last, last + STEP].map((now) => stepOf(SECRET, code, now))).toEqual(
    Array.from({ length: 4 }, () => step),
  );
  expect([first - STEP - 1, last + STEP + 1].map((now) => stepOf(SECRET, code, now))).toEqual([undefined, undefined]);
});

test('only six ASCII digits are a code', () => {
  for (const code of ['', '28708', '2870820', ' 287082', '287082 ', '２８７０８２', '28708a', '+87082', '287 082']) {
    expect([code, stepOf(SECRET, code, 59_000)]).toEqual([code, undefined]);
  }
});

test('secrets have 160 random bits, and apps get them in base32 [ASVS 6.5.3]', () => {
  const secrets = Array.from({ length: 100 }, () => newTotpSecret());
  expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(100);
  expect(secrets.every(({ length }) => length === 20)).toBe(true);
  const { base32, uri } = describeTotp(SECRET, { issuer: 'My & Co', label: 'ana@example.com' });
  expect(base32).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  expect(uri).toBe(
    `otpauth://totp/My%20%26%20Co:ana%40example.com?issuer=My%20%26%20Co&secret=${base32}&algorithm=SHA1&digits=6&period=30`,
  );
});
