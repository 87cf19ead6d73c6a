import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { stringify as bytesToUuid, parse as uuidToBytes } from 'uuid';
import type { Config } from '../config/config.js';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 16;
const BYTES = 1 + IV_BYTES + TAG_BYTES + ID_BYTES;
const TEXT_LENGTH = Math.ceil((BYTES * 8) / 6);

/**
 * Encodes and decodes session cookies and their CSRF tokens. A cookie is the session ID encrypted with AES-256-GCM, because
 * the ID contains the start time of the session. A CSRF token is an HMAC of the session ID, so it is only valid with the
 * cookie of that session.
 */
export class SessionCookieCodec {
  /** The first one encrypts; all of them can decrypt. */
  readonly #keys: readonly Buffer[];
  readonly #csrfKeys: readonly Buffer[];

  constructor({ secret, secretPrevious }: Pick<Config, 'secret' | 'secretPrevious'>) {
    const secrets = [secret, ...secretPrevious];
    this.#keys = secrets.map((one) => one.derive('session-cookie'));
    this.#csrfKeys = secrets.map((one) => one.derive('csrf-token'));
  }

  encode(sessionId: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0] as Buffer, iv);
    const sealed = Buffer.concat([cipher.update(uuidToBytes(sessionId)), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Returns the session ID, or undefined if the value is not genuine. */
  decode(value: string): string | undefined {
    if (value.length !== TEXT_LENGTH) return undefined;
    const bytes = Buffer.from(value, 'base64url');
    if (bytes.toString('base64url') !== value || bytes[0] !== VERSION) return undefined;
    for (const key of this.#keys) {
      const id = open(key, bytes);
      if (id !== undefined) return bytesToUuid(id);
    }
    return undefined;
  }

  csrfToken(sessionId: string): string {
    return mac(this.#csrfKeys[0] as Buffer, sessionId).toString('base64url');
  }

  isCsrfToken(sessionId: string, token: string): boolean {
    const given = Buffer.from(token);
    return this.#csrfKeys.some((key) => {
      const expected = Buffer.from(mac(key, sessionId).toString('base64url'));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }
}

function open(key: Buffer, bytes: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + IV_BYTES)).setAuthTag(
    bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES),
  );
  try {
    return Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function mac(key: Buffer, sessionId: string): Buffer {
  return createHmac('sha256', key).update(sessionId).digest();
}
