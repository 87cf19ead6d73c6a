import { createPublicKey, createSecretKey, type JsonWebKey } from 'node:crypto';
import { type Key, verifyWith } from '../../src/tokens/jwa.js';
import { InvalidJws, verifyJws } from '../../src/tokens/jws.js';
import { checked, InvalidKey, readJwk, readJwkSet } from '../../src/tokens/keys/key-file.js';
import { readVectors } from '../support/vectors.js';

/** Project Wycheproof's vectors for signatures and keys (ASVS 9.1.1). The claims in payloads are ignored. */
interface Case {
  tcId: number;
  comment: string;
  jws: string;
  result: 'valid' | 'invalid';
}
interface Group {
  comment: string;
  public?: JsonWebKey & { keys?: JsonWebKey[] };
  private: JsonWebKey & { keys?: JsonWebKey[] };
  tests: Case[];
}
interface RawGroup {
  publicKeyPem: string;
  tagSize: number;
  tests: { tcId: number; key: string; msg: string; sig: string; tag: string; result: string; flags: string[] }[];
}

/**
 * Cases in which the file is wrong or contradicts itself. 367 and 370 should have padding but have none: they are the text
 * and key of 357, which is valid (https://github.com/C2SP/wycheproof/issues/236). 372 and 373 expect that a character
 * outside of the alphabet is ignored.
 * RFC 7515 §2 forbids that, and 368, 369 and 371 expect a rejection.
 */
const VERDICTS_OF_OURS: Record<number, string> = { 367: 'valid', 370: 'valid', 372: 'invalid', 373: 'invalid' };

const SPOKEN = new Set<unknown>(['ES256', 'RS256', 'HS256', undefined]);
const RULES = { allowRsa2048: true };

const keyOf = (group: Group) => group.public ?? group.private;
const algorithmsOf = (group: Group) => {
  const { keys, ...jwk } = keyOf(group);
  return (keys ?? [jwk]).map(({ alg }) => alg);
};
const isSpoken = (group: Group) => algorithmsOf(group).every((alg) => SPOKEN.has(alg));

/** Like a service: reads the keys first, then verifies with the key that the token names, or with the only one. */
function readKeys(group: Group): Key[] {
  const { keys, ...jwk } = keyOf(group);
  return keys ? readJwkSet(keys, RULES) : [readJwk(jwk, RULES)];
}

function verdict(group: Group, { jws }: Case): string {
  try {
    const keys = readKeys(group);
    verifyJws(jws, ({ kid }) =>
      kid === undefined && keys.length === 1 ? keys[0] : keys.find((key) => key.kid === kid),
    );
    return 'valid';
  } catch (error) {
    return ['InvalidJws', 'InvalidKey'].includes((error as Error).name) ? 'invalid' : String(error);
  }
}

const hex = (text: string) => Buffer.from(text, 'hex');
const casesOf = (groups: Group[]) => groups.flatMap((group) => group.tests.map((one) => ({ group, one })));
const named = ({ group, one }: { group: Group; one: Case }, result: string) =>
  `${one.tcId} ${group.comment} ${one.comment}: ${result}`;

const signatures = readVectors<Group>('json_web_signature_test.json').testGroups;
const keySets = readVectors<Group>('json_web_key_test.json').testGroups;

test('the 316 JSON Web Signature cases with supported algorithms have the expected result, except 4', () => {
  const cases = casesOf(signatures.filter(isSpoken));
  expect(cases).toHaveLength(316);
  expect(cases.map((each) => named(each, verdict(each.group, each.one)))).toEqual(
    cases.map((each) => named(each, VERDICTS_OF_OURS[each.one.tcId] ?? each.one.result)),
  );
});

test('two of those 4 are identical to a valid case, and are rejected with the padding that they describe', () => {
  const cases = casesOf(signatures);
  const find = (id: number) => cases.find(({ one }) => one.tcId === id) as (typeof cases)[number];
  const { group, one } = find(357);
  expect(one.result).toBe('valid');
  for (const id of [367, 370]) {
    expect({ key: keyOf(find(id).group), jws: find(id).one.jws }).toEqual({ key: keyOf(group), jws: one.jws });
  }
  const [head, payload, mac] = one.jws.split('.');
  for (const jws of [`${head}=.${payload}.${mac}`, `${head}.${payload}==.${mac}`, `${head}.${payload}.${mac}=`]) {
    expect(verdict(group, { ...one, jws })).toBe('invalid');
  }
});

test('the other two contain a character that is not base64url', () => {
  for (const { one } of casesOf(signatures).filter(({ one }) => [372, 373].includes(one.tcId))) {
    expect(one.jws).toMatch(/\?/);
  }
});

test('rejects the keys of the other 85 cases, whose algorithms are not supported', () => {
  const groups = signatures.filter((group) => !isSpoken(group));
  expect(casesOf(groups)).toHaveLength(85);
  expect([...new Set(groups.flatMap(algorithmsOf))].sort()).toEqual([
    'ES521',
    'PS256',
    'PS384',
    'PS512',
    'RS384',
    'RS512',
  ]);
  for (const group of groups) expect(() => readKeys(group)).toThrow(InvalidKey);
});

test('a key of ours with the same kid accepts none of their tokens', () => {
  const keys = signatures.filter(isSpoken).flatMap((group) => {
    try {
      return readKeys(group);
    } catch {
      return [];
    }
  });
  expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['ES256', 'RS256', 'HS256']));
  for (const { one } of casesOf(signatures.filter((group) => !isSpoken(group)))) {
    for (const key of keys) expect(() => verifyJws(one.jws, () => key)).toThrow(InvalidJws);
  }
});

test('all 26 JSON Web Key cases have the expected result: weak, mixed, ambiguous and altered keys [attack: weak key]', () => {
  const cases = casesOf(keySets);
  expect(cases).toHaveLength(26);
  const spoken = cases.filter(({ group }) => isSpoken(group));
  expect(spoken.map((each) => named(each, verdict(each.group, each.one)))).toEqual(
    spoken.map((each) => named(each, each.one.result)),
  );
  const others = cases.filter(({ group }) => !isSpoken(group));
  // Valid, but with HS384 and HS512. All others are invalid anyway.
  expect(others.filter(({ one }) => one.result === 'valid').map(({ one }) => one.tcId)).toEqual([14, 15]);
  for (const { group } of others) expect(() => readKeys(group)).toThrow(InvalidKey);
});

test('rejects a 2048-bit RSA key unless it is allowed', () => {
  const rsa = signatures.filter((group) => algorithmsOf(group).includes('RS256'));
  expect(rsa.length).toBeGreaterThan(0);
  for (const group of rsa) expect(() => readJwk(keyOf(group))).toThrow(/^has 2048 bits; RSA keys have 3072/);
});

test.each([
  ['ES256', 'ecdsa_secp256r1_sha256_p1363_test.json', 262],
  ['RS256', 'rsa_signature_2048_sha256_test.json', 259],
] as const)('every signature of Wycheproof for %s gets the expected verdict', (alg, file, count) => {
  const { numberOfTests, testGroups } = readVectors<RawGroup>(file);
  expect(numberOfTests).toBe(count);
  for (const group of testGroups) {
    const publicKey = createPublicKey(group.publicKeyPem);
    if (publicKey.asymmetricKeyDetails?.publicExponent === 3n) {
      expect(() => checked(publicKey, alg, RULES)).toThrow('has a weak public exponent');
      continue;
    }
    const key = checked(publicKey, alg, RULES);
    for (const { tcId, msg, sig, result, flags } of group.tests) {
      const verified = verifyWith(key, hex(msg), hex(sig));
      // "acceptable" is a DigestInfo without NULL, which RFC 8017 §8.2.2 lets verifiers accept or reject.
      if (result === 'acceptable') expect(flags).toEqual(['MissingNull']);
      else expect([tcId, verified]).toEqual([tcId, result === 'valid']);
    }
  }
});

test('every HMAC-SHA-256 case has the expected result, and shortened tags are rejected', () => {
  const { testGroups } = readVectors<RawGroup>('hmac_sha256_test.json');
  const cases = testGroups.flatMap((group) => group.tests.map((one) => ({ ...one, tagSize: group.tagSize })));
  expect(cases).toHaveLength(174);
  for (const { tcId, key, msg, tag, result, tagSize } of cases) {
    const secret = createSecretKey(hex(key));
    // Most keys are shorter than Portero accepts; the computation is the same.
    const verified = verifyWith({ kid: '', alg: 'HS256', privateKey: secret, publicKey: secret }, hex(msg), hex(tag));
    expect([tcId, verified]).toEqual([tcId, result === 'valid' && tagSize === 256]);
  }
});
