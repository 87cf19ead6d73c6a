import { readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { CommonPasswords } from '../../src/passwords/common-passwords.js';

/** ASVS 6.2.4 requires at least the 3,000 most common passwords; the list has over 10,000. */
const common = new CommonPasswords();

test('the list has more than 10,000 entries, in order, without duplicates, in under 700 kB [ASVS 6.2.4]', () => {
  const file = 'src/passwords/common-passwords.bin';
  expect(common.size).toBeGreaterThan(10_000);
  expect(statSync(file).size).toBeLessThan(700_000);
  const bytes = readFileSync(file);
  for (let at = 6; at < bytes.length; at += 6) {
    if (bytes.compare(bytes, at - 6, at, at, at + 6) <= 0) throw new Error(`not in order at byte ${at}`);
  }
});

test('docs/configuration.md states the number of entries', () => {
  expect(readFileSync('docs/configuration.md', 'utf8')).toContain(`${common.size.toLocaleString('en')} most common`);
});

test.each([
  'password1',
  '12345678',
  'qwertyuiop',
  'trustno1',
  'aaaaaaaa',
  '99999999999999',
  'Password1',
  'PASSWORD123',
  'ｐａｓｓｗｏｒｄ1',
  'ıloveyou',
])('%s is common in any letter case and Unicode form', (password) => {
  expect(common.has(password)).toBe(true);
});

test.each(['a long and uncommon passphrase', 'correct horse battery staple', 'x'.repeat(80), 'aaaaaaaaaaaaaaa'])(
  '%s is not common',
  (password) => {
    expect(common.has(password)).toBe(false);
  },
);

test('no random text of 15 characters or more is common', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 15, maxLength: 256 }), (text) => !common.has(text)));
});
