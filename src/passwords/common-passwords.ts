import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { identifierKey } from '../users/identifier.js';

/** Where it comes from and under which licence: common-passwords.txt. Made by scripts/make-common-passwords.mjs. */
const LIST = new URL('./common-passwords.bin', import.meta.url);

/**
 * Of each entry's hash. With n entries, a password that is none of them is taken for one with a probability of
 * n / 2^48: under 2 in 10^10 for 50,000.
 */
export const FINGERPRINT_BYTES = 6;

/** The start of the SHA-256 of a password, whatever its letter case and Unicode form, as a number. */
export function fingerprint(password: string): number {
  return createHash('sha256').update(identifierKey(password), 'utf8').digest().readUIntBE(0, FINGERPRINT_BYTES);
}

/** The passwords that are guessed first (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.4): sorted fingerprints, read once. */
@Injectable()
export class CommonPasswords {
  readonly #list = readFileSync(LIST);
  readonly size = this.#list.length / FINGERPRINT_BYTES;

  constructor() {
    if (this.size === 0 || !Number.isInteger(this.size)) throw new Error(`${LIST.pathname} is damaged`);
  }

  /** Whether the password is one of the list. */
  has(password: string): boolean {
    const wanted = fingerprint(password);
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#list.readUIntBE(middle * FINGERPRINT_BYTES, FINGERPRINT_BYTES) < wanted) low = middle + 1;
      else high = middle;
    }
    return low < this.size && this.#list.readUIntBE(low * FINGERPRINT_BYTES, FINGERPRINT_BYTES) === wanted;
  }
}
