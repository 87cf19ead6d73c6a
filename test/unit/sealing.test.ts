import { loadConfig } from '../../src/config/config.js';
import { Sealing, UnsealFailed } from '../../src/crypto/sealing.js';

const secret = (byte: number) => Buffer.alloc(32, byte).toString('base64url');
const sealingWith = (byte: number, env: Record<string, string> = {}) =>
  new Sealing(loadConfig({ PORTERO_SECRET: secret(byte), ...env }).config);
const sealing = sealingWith(1);
const plain = Buffer.from('a private key');

test('decrypts a sealed text with the same secret and context', () => {
  expect(sealing.unseal(sealing.seal(plain, 'kid'), 'kid')).toEqual({ plain, stale: false });
});

test('rejects one flipped bit at any position [ASVS 11.3.3]', () => {
  const sealed = sealing.seal(plain, 'kid');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const altered = Buffer.from(sealed);
    altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => sealing.unseal(altered, 'kid')).toThrow(UnsealFailed);
  }
});

test('rejects another secret, another context or a shortened text', () => {
  const sealed = sealing.seal(plain, 'kid');
  expect(() => sealingWith(2).unseal(sealed, 'kid')).toThrow(UnsealFailed);
  expect(() => sealing.unseal(sealed, 'other')).toThrow(UnsealFailed);
  for (let length = 0; length < sealed.length; length++) {
    expect(() => sealing.unseal(sealed.subarray(0, length), 'kid')).toThrow(UnsealFailed);
  }
});

test('sealing the same text twice gives different results [ASVS 11.3.4]', () => {
  const all = Array.from({ length: 1000 }, () => sealing.seal(plain, 'kid').toString('hex'));
  expect(new Set(all).size).toBe(1000);
});

test('decrypts with a former secret, but never seals with it', () => {
  const sealed = sealing.seal(plain, 'kid');
  const after = sealingWith(2, { PORTERO_SECRET_PREVIOUS: `${secret(3)},${secret(1)}` });
  expect(after.unseal(sealed, 'kid')).toEqual({ plain, stale: true });
  expect(sealingWith(2).unseal(after.seal(plain, 'kid'), 'kid')).toEqual({ plain, stale: false });
  expect(() => sealing.unseal(after.seal(plain, 'kid'), 'kid')).toThrow(UnsealFailed);
});
