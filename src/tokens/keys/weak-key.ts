import type { KeyObject } from 'node:crypto';
import type { JwtAlg } from '../../config/config.js';

const HS256_MINIMUM_BYTES = 32;
const RSA_MINIMUM_BITS = 3072;
const RSA_ALLOWED_BITS = 2048;
const RSA_MAXIMUM_BITS = 8192;

/**
 * The primes that detect ROCA keys (CVE-2017-15361): their moduli are powers of 65537 modulo each prime.
 * Nemec et al., The Return of Coppersmith's Attack, ACM CCS 2017.
 */
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** Why a key is too weak for an algorithm (NIST SP 800-131A), for the operator; undefined if it is not. */
export function weakness(key: KeyObject, alg: JwtAlg, { allowRsa2048 = false } = {}): string | undefined {
  if (alg === 'HS256') return key.type === 'secret' ? shortSecret(key) : 'is no secret, and HS256 needs one';
  if (key.type === 'secret') return `is a secret, and ${alg} needs a key pair`;
  const { namedCurve, modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (alg === 'ES256') {
    return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? undefined : 'is not on P-256';
  }
  if (key.asymmetricKeyType !== 'rsa') return 'is no RSA key';
  const minimum = allowRsa2048 ? RSA_ALLOWED_BITS : RSA_MINIMUM_BITS;
  if (modulusLength < minimum || modulusLength > RSA_MAXIMUM_BITS) {
    return `has ${modulusLength} bits; RSA keys have ${minimum} to ${RSA_MAXIMUM_BITS} here`;
  }
  if (publicExponent < 65_537n || publicExponent % 2n === 0n) return 'has a weak public exponent';
  return isRoca(key) ? 'comes from a generator with the ROCA flaw (CVE-2017-15361)' : undefined;
}

function shortSecret(key: KeyObject): string | undefined {
  const bytes = key.symmetricKeySize ?? 0;
  return bytes < HS256_MINIMUM_BYTES
    ? `has ${bytes} bytes; a secret of HS256 has ${HS256_MINIMUM_BYTES} or more`
    : undefined;
}

function isRoca(key: KeyObject): boolean {
  const modulus = BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n as string, 'base64url').toString('hex')}`);
  return ROCA_PRIMES.every((prime) => powersOf65537(prime).has(Number(modulus % BigInt(prime))));
}

function powersOf65537(prime: number): Set<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * (65_537 % prime)) % prime) powers.add(power);
  return powers;
}
