import fc from 'fast-check';
import { ApproximateLruCache } from '../../src/tokens/approximate-lru-cache.js';

/** Counts how many of these are cached. Reading an entry would move it, so only the total is returned. */
function remembered(tokens: ApproximateLruCache<number>, among: string[]): number {
  return among.filter((token) => tokens.get(token) !== undefined).length;
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `token-${n}`);

test('never holds more entries than its size', () => {
  const step = fc.record({ set: fc.boolean(), token: fc.nat(30) });
  fc.assert(
    fc.property(fc.nat(20), fc.array(step, { maxLength: 300 }), (size, steps) => {
      const tokens = new ApproximateLruCache<number>(size);
      for (const { set, token } of steps) {
        if (set) tokens.set(`token-${token}`, token);
        else expect([undefined, token]).toContain(tokens.get(`token-${token}`));
        expect(tokens.count).toBeLessThanOrEqual(size);
      }
    }),
  );
});

test('keeps entries that are read repeatedly while many others are added', () => {
  const tokens = new ApproximateLruCache<number>(100);
  tokens.set('hot', 1);
  for (const name of names(10_000)) {
    tokens.set(name, 0);
    expect(tokens.get('hot')).toBe(1);
  }
});

test('drops an unread entry after as many others as its size', () => {
  const tokens = new ApproximateLruCache<number>(100);
  tokens.set('cold', 1);
  for (const name of names(100)) tokens.set(name, 0);
  expect(tokens.get('cold')).toBeUndefined();
  expect(remembered(tokens, names(100))).toBeGreaterThanOrEqual(50);
});

test.each([0, 1])('caches nothing with a size of %s', (size) => {
  const tokens = new ApproximateLruCache<number>(size);
  tokens.set('token', 1);
  expect(tokens.get('token')).toBeUndefined();
});

test('deletes the matching entries, old and new, and nothing else', () => {
  const tokens = new ApproximateLruCache<number>(20);
  for (const [value, name] of names(15).entries()) tokens.set(name, value);
  tokens.forget((value) => value % 2 === 0);
  for (const [value, name] of names(15).entries()) expect(tokens.get(name)).toBe(value % 2 === 0 ? undefined : value);
});
