import fc from 'fast-check';
import { identifierKey, isEmailAddress, isUsername, MAX_IDENTIFIER_LENGTH } from '../../src/users/identifier.js';

const text = fc.string({ unit: 'binary' });

test('computing the key of a key returns the same key', () => {
  fc.assert(
    fc.property(text, (value) => identifierKey(identifierKey(value)) === identifierKey(value)),
    { numRuns: 5000 },
  );
});

test('every code point, and marks beside a letter, have the same key in every case and Unicode form', () => {
  const wrong: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const text = String.fromCodePoint(code);
    const key = identifierKey(text);
    const others = [key, text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), text.normalize('NFKC')];
    if (others.some((other) => identifierKey(other) !== key)) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});

test('upper case, lower case and every normalization form have the same key', () => {
  fc.assert(
    fc.property(text, (value) => {
      const key = identifierKey(value);
      const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => value.normalize(form));
      return [...forms, value.normalize('NFKC').toUpperCase()].every((form) => identifierKey(form) === key);
    }),
    { numRuns: 5000 },
  );
});

test('names that differ in more than case keep different keys', () => {
  const keys = ['ana', 'anà', 'anna', 'an a', 'аna'].map(identifierKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(['ana', 'Ana María', 'a@b', '李', 'a.b-c_d', 'x'.repeat(64), '🙂'])('%j is a username', (name) => {
  expect(isUsername(name)).toBe(true);
});

test.each([
  '',
  ' a',
  'a ',
  'a  b',
  'a\tb',
  'a\u200bb',
  'a\u00a0 b',
  'a\u2028b',
  '\u202eabc',
  'zoe\uFE0F',
  'z\u034Foe',
  'zoe\u115F',
  '\u3164',
  'x'.repeat(65),
])('%j is not a username', (name) => {
  expect(isUsername(name)).toBe(false);
});

test.each(['a@example.com', 'A.b+c@sub.example.org', 'josé@example.com', 'a＠example.com'])(
  '%j is an email address',
  (address) => {
    expect(isEmailAddress(address)).toBe(true);
  },
);

test.each([
  '',
  'a',
  '@example.com',
  'a@b@example.com',
  '"a"@example.com',
  'a b@example.com',
  'a@example.com\r\nBcc: x@example.com',
  'Ana <a@example.com>',
  'group: a@example.com;',
  'a@[127.0.0.1]',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b'.repeat(250)}.com`,
])('%j is not an email address [ASVS 1.3.11] [attack: mail injection]', (address) => {
  expect(isEmailAddress(address)).toBe(false);
});

test('the longest spelling of 64 characters is a username', () => {
  const character = '\u{16126}';
  expect(isUsername(character.normalize('NFD').repeat(64))).toBe(true);
  // A mathematical alpha with three marks: five UTF-16 units that become one character.
  expect(isUsername('\u{1d6c2}\u0313\u0300\u0345'.repeat(64))).toBe(true);
});

test('checks the length of a username before anything else [ASVS 1.3.12]', () => {
  const longest = `i${'\u0307'.repeat(MAX_IDENTIFIER_LENGTH - 1)}`;
  const began = process.cpuUsage();
  for (let n = 0; n < 100; n++) {
    expect(isUsername(`${longest}\u0307`)).toBe(false);
    expect(isUsername(longest)).toBe(false);
    expect(identifierKey(longest)).toBe('i');
  }
  const { user } = process.cpuUsage(began);
  // Without that, a name of 1,024 UTF-16 units took 87 ms.
  expect(user / 1000 / 100).toBeLessThan(2);
});

test('validates 100 kB of hostile text fast [ASVS 1.3.12]', () => {
  for (const hostile of [
    'a@'.repeat(50_000),
    ' '.repeat(100_000),
    `a@${'a.'.repeat(50_000)}`,
    `${'a '.repeat(50_000)} `,
  ]) {
    expect(isEmailAddress(hostile) || isUsername(hostile)).toBe(false);
  }
});
