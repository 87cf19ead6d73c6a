import { canonicalCode, isToken, newCode, newToken } from '../../src/codes/code.js';

test('typed codes have at least 20 bits, and tokens of links 256 [ASVS 6.5.4]', () => {
  const characters = new Set(Array.from({ length: 2000 }, newCode).join('').replaceAll('-', ''));
  expect(newCode()).toMatch(/^.{4}-.{4}$/);
  expect(8 * Math.log2(characters.size)).toBe(40);
  expect(Buffer.from(newToken(), 'base64url')).toHaveLength(32);
  expect(isToken(newToken())).toBe(true);
});

test('every character of a code is equally frequent, at every place [ASVS 6.5.3]', () => {
  const codes = Array.from({ length: 20_000 }, () => newCode().replace('-', ''));
  for (let place = 0; place < 8; place++) {
    const counts = new Map<string, number>();
    for (const code of codes) counts.set(code[place] as string, (counts.get(code[place] as string) ?? 0) + 1);
    // Chi-squared with 31 degrees of freedom: above 90 once in ten million runs.
    const expected = codes.length / 32;
    const deviation = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(deviation).toBeLessThan(90);
  }
  expect(new Set(codes).size).toBe(codes.length);
});

test.each([
  ['abcd-efgh', 'ABCDEFGH'],
  [' ABCD EFGH ', 'ABCDEFGH'],
  ['a-b-c-d-e-f-g-h', 'ABCDEFGH'],
])('reads %j as a code', (typed, code) => {
  expect(canonicalCode(typed)).toBe(code);
});

test.each([[''], ['ABCD-EFG'], ['ABCD-EFGHJ'], ['ABCD-EFG0'], ['ABCD-EFGI'], ['ABCD-EFGß'], ['-'.repeat(1_000_000)]])(
  'does not read %.20j as a code',
  (typed) => {
    expect(canonicalCode(typed)).toBeUndefined();
  },
);
