import { generateKey } from '../../src/tokens/jwa.js';

test.each(['ES256', 'RS256', 'HS256'] as const)('exports %s keys during garbage collection', async (alg) => {
  const kinds = new Set<string | undefined>();
  for (let n = 0; n < (alg === 'RS256' ? 3 : 300); n++) {
    const key = await generateKey(alg);
    if (n % 50 === 0) globalThis.gc?.();
    kinds.add(key.export({ format: 'jwk' }).kty);
  }
  expect([...kinds]).toEqual([{ ES256: 'EC', RS256: 'RSA', HS256: 'oct' }[alg]]);
});
