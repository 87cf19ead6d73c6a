import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Secret } from '../config/secret.js';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

/** The sealed bytes belong to another secret or another context, or were modified. */
export class UnsealFailed extends Error {
  override name = 'UnsealFailed';
}

export interface Unsealed {
  plain: Buffer;
  /** Sealed with a previous secret, so it should be sealed again with the current one. */
  stale: boolean;
}

/** Encrypts secrets that are stored in the database (AES-256-GCM, NIST SP 800-38D), in case only the database leaks. */
export class Sealing {
  /** The first key seals; all of them open. */
  readonly #keys: readonly [Buffer, ...Buffer[]];

  constructor({ secret, secretPrevious }: { secret: Secret; secretPrevious: readonly Secret[] }) {
    this.#keys = [secret.derive('seal'), ...secretPrevious.map((previous) => previous.derive('seal'))];
  }

  /** Returns `version ‖ IV ‖ tag ‖ ciphertext`. It opens only with the same `context`, so rows can't be swapped. */
  seal(plain: Buffer, context: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0], iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), iv, cipher.getAuthTag(), sealed]);
  }

  /** @throws UnsealFailed */
  unseal(sealed: Buffer, context: string): Unsealed {
    if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES) throw new UnsealFailed('not a sealed value');
    let cause: unknown;
    for (const key of this.#keys) {
      try {
        return { plain: open(key, sealed, context), stale: key !== this.#keys[0] };
      } catch (error) {
        cause = error;
      }
    }
    throw new UnsealFailed('the seal does not open', { cause });
  }
}

function open(key: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + IV_BYTES))
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(1 + IV_BYTES, HEAD_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]);
}
