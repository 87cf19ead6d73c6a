import { loadConfig } from '../../src/config/config.js';
import { Sealing, UnsealFailed } from '../../src/tokens/sealing.js';

const sealingWith = (secret: number) =>
  new Sealing(loadConfig({ PORTERO_SECRET: Buffer.alloc(32, secret).toString('base64url') }).config);
const sealing = sealingWith(1);
const plain = Buffer.from('a private key');

test('what was sealed opens under the same secret and context', () => {
  expect(sealing.unseal(sealing.seal(plain, 'kid'), 'kid')).toEqual(plain);
});

test('one flipped bit anywhere is refused (ASVS 11.3.3)', () => {
  const sealed = sealing.seal(plain, 'kid');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const altered = Buffer.from(sealed);
    altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => sealing.unseal(altered, 'kid')).toThrow(UnsealFailed);
  }
});

test('another secret, another context or a shortened text is refused', () => {
  const sealed = sealing.seal(plain, 'kid');
  expect(() => sealingWith(2).unseal(sealed, 'kid')).toThrow(UnsealFailed);
  expect(() => sealing.unseal(sealed, 'other')).toThrow(UnsealFailed);
  for (let length = 0; length < sealed.length; length++) {
    expect(() => sealing.unseal(sealed.subarray(0, length), 'kid')).toThrow(UnsealFailed);
  }
});

test('the same text is never sealed alike (ASVS 11.3.4)', () => {
  const all = Array.from({ length: 1000 }, () => sealing.seal(plain, 'kid').toString('hex'));
  expect(new Set(all).size).toBe(1000);
});
