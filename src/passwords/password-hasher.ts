import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { foreignFormatOf } from './foreign-formats.js';
import { type Compare, MalformedHash } from './hash-format.js';
import { HashingQueue } from './hashing-queue.js';
import { readOwnHash, writeOwnHash } from './own-hash.js';
import { PASSWORD_MAX_LENGTH } from './password-policy.js';
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
  readonly #pepper: Buffer;
  /** Tells which pepper a hash was made with, and nothing of the pepper. */
  readonly #pepperId: string;
  readonly #current: SchemeName;

  constructor(
    config: Config,
    private readonly schemes: Schemes,
    private readonly queue: HashingQueue,
  ) {
    this.#pepper = config.secret.derive('password-pepper');
    this.#pepperId = createHash('sha256').update(this.#pepper).digest('hex').slice(0, 8);
    this.#current = config.passwordHash;
  }

  /** @throws Busy */
  async hash(password: string, caller: string): Promise<string> {
    return await this.queue.run(caller, () => this.#hash(password));
  }

  /**
   * Whether the password is the one of `stored`. Computes the current scheme once, whatever `stored` is: where it is
   * missing, foreign, older or unusable, for the hash that would take its place. So no answer tells by its work which
   * it was (CVE-2024-39329).
   *
   * @throws Busy
   */
  async verify(password: string, stored: string | null | undefined, caller: string): Promise<Verification> {
    // Longer than any password can be: nobody's, but for the price of a verification.
    const possible = [...password].length <= PASSWORD_MAX_LENGTH;
    return await this.queue.run(caller, () => this.#verify(possible ? password : '', possible ? stored : null));
  }

  async #verify(password: string, stored: string | null | undefined): Promise<Verification> {
    const own = readOwnHash(stored ?? '');
    const usable = own?.pepperId === this.#pepperId ? own : undefined;
    if (usable?.scheme === this.#current && this.#scheme.isCurrent(usable.hash)) {
      return { matches: await this.#scheme.compare(this.#digest(password), usable.hash) };
    }
    const { matches, fault } = await this.#verifyOther(
      password,
      stored ?? undefined,
      usable && this.#comparing(usable),
    );
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

  #comparing({ scheme, hash }: { scheme: SchemeName; hash: string }): Compare {
    return (password) => this.schemes.byName[scheme].compare(this.#digest(password), hash);
  }

  get #scheme() {
    return this.schemes.byName[this.#current];
  }

  async #hash(password: string): Promise<string> {
    const hash = await this.#scheme.hash(this.#digest(password));
    return writeOwnHash({ scheme: this.#current, pepperId: this.#pepperId, hash });
  }

  /** 64 base64 characters: bcrypt reads 72 bytes and stops at NUL, so it never sees the password itself. */
  #digest(password: string): string {
    return createHmac('sha384', this.#pepper).update(password, 'utf8').digest('base64');
  }
}
