import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Purpose } from './purposes.js';

/**
 * Keyed hashes (HMAC-SHA-256, RFC 2104) of tokens and codes, so a copy of the table reveals none: the 40 bits of a typed code
 * could be guessed from a plain hash.
 */
@Injectable()
export class CodeHashes {
  /** The first key hashes new codes; those of previous secrets are still accepted. */
  readonly #keys: readonly Buffer[];

  constructor({ secret, secretPrevious }: Config) {
    this.#keys = [secret, ...secretPrevious].map((one) => one.derive('codes'));
  }

  /** One hash per secret, the current one first. */
  ofToken(purpose: Purpose, token: string): Buffer[] {
    return this.#all(['token', purpose, token]);
  }

  /**
   * The same for a code in canonical form.
   *
   * @param owner what the code is looked up by: the folded address, or the user ID
   */
  ofCode(purpose: Purpose, owner: string, code: string): Buffer[] {
    return this.#all(['code', purpose, owner, code]);
  }

  #all(parts: readonly string[]): Buffer[] {
    const text = JSON.stringify(parts);
    return this.#keys.map((key) => createHmac('sha256', key).update(text).digest());
  }
}
