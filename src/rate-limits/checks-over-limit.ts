import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { addressKey } from '../http/client-address.js';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** How many credentials of one address are checked at a time, how long the others wait, and how many may wait. */
const WIDTH = 2;
const WAIT_MS = 5000;
const MAX_WAITING = 1000;
/** How many valid `Authorization` headers are remembered, as keyed hashes. */
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

  /**
   * Waits until the credential of a request may be checked.
   *
   * @returns a function to call at the end of the check, or undefined if the wait or the queue was too long
   */
  async enter({ ip, headers: { authorization } }: FastifyRequest): Promise<(() => void) | undefined> {
    const isKnown = authorization !== undefined && this.#known.has(this.#fingerprint(authorization));
    return isKnown ? () => undefined : await this.#checks.enter(addressKey(ip));
  }

  /** Remembers the credential of a request that was valid. */
  remember({ headers: { authorization } }: FastifyRequest): void {
    if (authorization === undefined) return;
    const fingerprint = this.#fingerprint(authorization);
    // Added again at the end, so that the set is in the order of the last use.
    this.#known.delete(fingerprint);
    this.#known.add(fingerprint);
    const [oldest] = this.#known.size > MAX_KNOWN ? this.#known : [];
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #fingerprint(authorization: string): string {
    return this.hash.of('authorization', authorization).toString('base64url');
  }
}
