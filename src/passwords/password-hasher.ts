import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { foreignFormatOf } from './formats/foreign-formats.js';
import { type Compare, MalformedHash } from './hash-format.js';
import { HashingQueue } from './hashing-queue.js';
import { type OwnHash, readOwnHash, writeOwnHash } from './own-hash.js';
import { PASSWORD_MAX_LENGTH } from './password-policy.js';
import { type Pepper, Peppers } from './peppers.js';
import { type SchemeName, Schemes } from './schemes.js';
import type { Turn } from './turn-queue.js';

/** The result of a verification. */
export interface Verification {
  matches: boolean;
  /** The new hash to store, if the password matches but its hash is outdated or foreign. */
  replacement?: string;
  /** Why the stored hash can't be used, for the log. */
  fault?: string;
}

/** A {@link Verification} and the time it took beyond one computation of the current scheme, in milliseconds. */
export interface TimedVerification extends Verification {
  extraMs: number;
}

/** Any text: the time of a verification does not depend on the password. */
const ANY_PASSWORD = 'a password of usual length';
/** The place of measurements in the queue. */
const OWN_TURN: Turn = ['measuring'];

/** Hashes and verifies passwords through the {@link HashingQueue}. */
@Injectable()
export class PasswordHasher {
  readonly #current: SchemeName;

  constructor(
    config: Config,
    private readonly schemes: Schemes,
    private readonly queue: HashingQueue,
    private readonly peppers: Peppers,
  ) {
    this.#current = config.passwordHash;
  }

  /** @throws Busy */
  async hash(password: string, turn: Turn): Promise<string> {
    return await this.queue.run(turn, () => this.#hash(password));
  }

  /**
   * Verifies a password. It always computes the current scheme once, also if `stored` is missing, foreign, outdated or
   * unusable, so the work does not reveal which of these it was (CVE-2024-39329).
   *
   * @throws Busy
   */
  async verify(password: string, stored: string | null | undefined, turn: Turn): Promise<TimedVerification> {
    // No account has such a long password, but the work must be the same.
    const possible = [...password].length <= PASSWORD_MAX_LENGTH;
    return await this.queue.run(turn, () => this.#verify(possible ? password : '', possible ? stored : null));
  }

  /** The time of a verification beyond the current scheme, in milliseconds. @throws Busy */
  async extraMsOf(stored: string): Promise<number> {
    const current = this.#readCurrent(stored);
    if (current !== undefined) return 0;
    return await this.queue.run(OWN_TURN, async () => (await this.#verifyOther(ANY_PASSWORD, stored)).extraMs);
  }

  async #verify(password: string, stored: string | null | undefined): Promise<TimedVerification> {
    const current = this.#readCurrent(stored);
    if (current !== undefined) {
      return { matches: await this.#scheme.compare(digest(password, this.peppers.current), current), extraMs: 0 };
    }
    const { matches, fault, extraMs } = await this.#verifyOther(password, stored ?? undefined);
    const replacement = await this.#hash(password);
    return { matches, extraMs, ...(matches ? { replacement } : {}), ...(fault === undefined ? {} : { fault }) };
  }

  /** The scheme's own text, if the hash has the current scheme, parameters and pepper. */
  #readCurrent(stored: string | null | undefined): string | undefined {
    const own = readOwnHash(stored ?? '');
    const isCurrent = own?.scheme === this.#current && own.pepperId === this.peppers.current.id;
    return isCurrent && this.#scheme.isCurrent(own.hash) ? own.hash : undefined;
  }

  async #verifyOther(password: string, stored: string | undefined): Promise<TimedVerification> {
    const began = performance.now();
    const found = await this.#compareOther(password, stored);
    return { ...found, extraMs: performance.now() - began };
  }

  async #compareOther(password: string, stored: string | undefined): Promise<Verification> {
    if (stored === undefined) return { matches: false };
    try {
      const own = readOwnHash(stored);
      const pepper = own && this.peppers.find(own.pepperId);
      const compare = (own && pepper && this.#comparing(own, pepper)) ?? foreignFormatOf(stored)?.parse(stored);
      return compare ? { matches: await compare(password) } : { matches: false, fault: 'of no known format or pepper' };
    } catch (error) {
      // If a library fails on a hostile hash, the login fails without an internal error.
      return { matches: false, fault: error instanceof MalformedHash ? error.message : 'the comparison failed' };
    }
  }

  #comparing({ scheme, hash }: OwnHash, pepper: Pepper): Compare {
    return (password) => this.schemes.byName[scheme].compare(digest(password, pepper), hash);
  }

  get #scheme() {
    return this.schemes.byName[this.#current];
  }

  async #hash(password: string): Promise<string> {
    const pepper = this.peppers.current;
    const hash = await this.#scheme.hash(digest(password, pepper));
    return writeOwnHash({ scheme: this.#current, pepperId: pepper.id, hash });
  }
}

/** 64 base64 characters, because bcrypt reads at most 72 bytes and stops at NUL. */
function digest(password: string, { key }: Pepper): string {
  return createHmac('sha384', key).update(password, 'utf8').digest('base64');
}
