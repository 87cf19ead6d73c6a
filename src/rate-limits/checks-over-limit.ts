import { Injectable } from '@nestjs/common';
import type { LimitName } from '../config/limits.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** How many credentials of one address are checked at a time, how long the others wait, and how many may wait. */
const WIDTH = 2;
const WAIT_MS = 5000;
const MAX_WAITING = 1000;
/** How many valid credentials are remembered, as keyed hashes. */
const MAX_KNOWN = 10_000;

/**
 * Bounds the authentication of requests whose address is over its limit, so that a flood does not occupy the database.
 * Credentials that were valid before do not wait behind the flood. Both are in the memory of the process.
 */
@Injectable()
export class ChecksOverLimit {
  readonly #checks = new ConcurrencyLimit(WIDTH, WAIT_MS, MAX_WAITING);
  readonly #known = new Set<string>();

  constructor(private readonly hash: KeyedHash) {}

  /** Identifies a credential, such as an `Authorization` header or a cookie, without containing it. */
  fingerprint(limit: LimitName, credential = ''): string {
    return this.hash.of('credential', limit, credential).toString('base64url');
  }

  /**
   * Waits until a credential may be checked.
   *
   * @param address as returned by `addressKey`
   * @returns a function to call at the end of the check, or undefined if the wait or the queue was too long
   */
  async enter(address: string, fingerprint: string): Promise<(() => void) | undefined> {
    return this.#known.has(fingerprint) ? () => undefined : await this.#checks.enter(address);
  }

  /** Remembers a credential that was valid. */
  remember(fingerprint: string): void {
    // Added again at the end, so that the set is in the order of the last use.
    this.#known.delete(fingerprint);
    this.#known.add(fingerprint);
    const [oldest] = this.#known.size > MAX_KNOWN ? this.#known : [];
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** Forgets a credential that has been revoked or has expired. */
  forget(fingerprint: string): void {
    this.#known.delete(fingerprint);
  }
}
