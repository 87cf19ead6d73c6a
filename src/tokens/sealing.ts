import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

/** The sealed bytes were made under another secret, for another purpose, or have been altered. */
export class UnsealFailed extends Error {
  override name = 'UnsealFailed';
}

/** Keeps secrets in the database unreadable to who has the database alone: AES-256-GCM (NIST SP 800-38D). */
@Injectable()
export class Sealing {
  readonly #key: Buffer;

  constructor(config: Config) {
    this.#key = config.secret.derive('seal');
  }

  /** `version ‖ IV ‖ tag ‖ ciphertext`. What is sealed opens only under the same `context`, so rows can't be swapped. */
  seal(plain: Buffer, context: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), iv, cipher.getAuthTag(), sealed]);
  }

  /** @throws UnsealFailed */
  unseal(sealed: Buffer, context: string): Buffer {
    if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES) throw new UnsealFailed('not a sealed value');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(1, 1 + IV_BYTES))
      .setAAD(Buffer.from(context))
      .setAuthTag(sealed.subarray(1 + IV_BYTES, HEAD_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new UnsealFailed('the seal does not open', { cause });
    }
  }
}
