import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Turn } from '../abuse/hashing-turns.js';
import { Config } from '../config/config.js';
import { foreignFormatOf } from './foreign-formats.js';
import { type Compare, MalformedHash } from './hash-format.js';
import { HashingQueue } from './hashing-queue.js';
import { type OwnHash, readOwnHash, writeOwnHash } from './own-hash.js';
import { PASSWORD_MAX_LENGTH } from './password-policy.js';
import { type Pepper, Peppers } from './peppers.js';
import { type SchemeName, Schemes } from './schemes.js';

/** What a verification found. */
export interface Verification {
  matches: boolean;
  /** Where the password matches but its hash is not of the current scheme and parameters: the hash to store instead. */
  replacement?: string;
  /** Why the stored hash can't be used, for the log. */
  fault?: string;
}

/** Hashes and verifies passwords, each in its turn of the {@link HashingQueue}. */
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
   * Whether the password is the one of `stored`. Computes the current scheme once, whatever `stored` is: where it is
   * missing, foreign, older or unusable, for the hash that would take its place. So no answer tells by its work which
   * it was (CVE-2024-39329).
   *
   * @throws Busy
   */
  async verify(password: string, stored: string | null | undefined, turn: Turn): Promise<Verification> {
    // Longer than any password can be: nobody's, but for the price of a verification.
    const possible = [...password].length <= PASSWORD_MAX_LENGTH;
    return await this.queue.run(turn, () => this.#verify(possible ? password : '', possible ? stored : null));
  }

  async #verify(password: string, stored: string | null | undefined): Promise<Verification> {
    const own = readOwnHash(stored ?? '');
    const pepper = this.peppers.find(own?.pepperId);
    if (own && pepper === this.peppers.current && own.scheme === this.#current && this.#scheme.isCurrent(own.hash)) {
      return { matches: await this.#scheme.compare(digest(password, pepper), own.hash) };
    }
    const compare = own && pepper && this.#comparing(own, pepper);
    const { matches, fault } = await this.#verifyOther(password, stored ?? undefined, compare);
    const replacement = await this.#hash(password);
    return { matches, ...(matches ? { replacement } : {}), ...(fault === undefined ? {} : { fault }) };
  }

  async #verifyOther(password: string, stored: string | undefined, own: Compare | undefined): Promise<Verification> {
    if (stored === undefined) return { matches: false };
    try {
      const compare = own ?? foreignFormatOf(stored)?.parse(stored);
      return compare ? { matches: await compare(password) } : { matches: false, fault: 'of no known format or pepper' };
    } catch (error) {
      // Whatever a library makes of a hostile hash, the login is a wrong one and no error.
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

/** 64 base64 characters: bcrypt reads 72 bytes and stops at NUL, so it never sees the password itself. */
function digest(password: string, { key }: Pepper): string {
  return createHmac('sha384', key).update(password, 'utf8').digest('base64');
}
