import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { Config } from '../config/config.js';
import { PASSWORD_MAX_LENGTH } from './password-policy.js';

/** `$portero-bcrypt$v=1,pepper=<id>` and then bcrypt's own string, which names its cost. */
const FORM = /^\$portero-bcrypt\$v=1,pepper=([0-9a-f]{8})(\$2b\$\d\d\$[./A-Za-z0-9]{53})$/;

/** Hashes and verifies passwords. */
@Injectable()
export class PasswordHasher {
  readonly #pepper: Buffer;
  /** Tells which pepper a hash was made with, and nothing of the pepper. */
  readonly #pepperId: string;
  /** Of no password: verifying against it costs what verifying against a real hash costs. */
  readonly #decoy: string;

  constructor(private readonly config: Config) {
    this.#pepper = config.secret.derive('password-pepper');
    this.#pepperId = createHash('sha256').update(this.#pepper).digest('hex').slice(0, 8);
    this.#decoy = `$2b$${String(config.bcryptCost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`;
  }

  async hash(password: string): Promise<string> {
    const hash = await bcrypt.hash(this.#peppered(password), this.config.bcryptCost);
    return `$portero-bcrypt$v=1,pepper=${this.#pepperId}${hash}`;
  }

  /** Whether the password is the one of `stored`. Costs the same where there is no hash, or none that is known. */
  async verify(password: string, stored: string | null | undefined): Promise<boolean> {
    // Longer than any password can be: wrong, but for the price of a verification.
    const tooLong = [...password].length > PASSWORD_MAX_LENGTH;
    const [, pepperId, hash] = FORM.exec(stored ?? '') ?? [];
    const known = hash !== undefined && pepperId === this.#pepperId;
    const matches = await bcrypt.compare(tooLong ? '' : this.#peppered(password), known ? hash : this.#decoy);
    return matches && known && !tooLong;
  }

  /** 64 base64 characters: bcrypt reads 72 bytes and stops at NUL, so it never sees the password itself. */
  #peppered(password: string): string {
    return createHmac('sha384', this.#pepper).update(password, 'utf8').digest('base64');
  }
}
