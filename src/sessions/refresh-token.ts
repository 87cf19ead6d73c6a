import { createHmac, timingSafeEqual } from 'node:crypto';
import { stringify as bytesToUuid, parse as uuidToBytes } from 'uuid';

const VERSION = 1;
const BODY_BYTES = 1 + 16 + 4;
const MAC_BYTES = 32;
const TEXT_LENGTH = Math.ceil(((BODY_BYTES + MAC_BYTES) * 8) / 6);

/** The content of a refresh token: its session, and its number in that session. */
export interface RefreshTokenContent {
  sessionId: string;
  generation: number;
}

/**
 * Encodes and decodes refresh tokens. A token is derived, not stored: `version ‖ session ID ‖ generation ‖ MAC`
 * (HMAC-SHA-256, RFC 2104). So every instance derives the same token for a generation, byte for byte, and forged tokens are
 * rejected without a query.
 */
export class RefreshTokenCodec {
  readonly #key: Buffer;
  readonly #previousKeys: readonly Buffer[];

  /** @param previousKeys the keys of previous secrets, whose tokens are still accepted */
  constructor(key: Buffer, previousKeys: readonly Buffer[] = []) {
    this.#key = key;
    this.#previousKeys = previousKeys;
  }

  encode({ sessionId, generation }: RefreshTokenContent): string {
    const body = Buffer.alloc(BODY_BYTES);
    body[0] = VERSION;
    body.set(uuidToBytes(sessionId), 1);
    body.writeUInt32BE(generation, 17);
    return Buffer.concat([body, mac(this.#key, body)]).toString('base64url');
  }

  /** Returns undefined if the token is not genuine. */
  decode(token: string): RefreshTokenContent | undefined {
    if (token.length !== TEXT_LENGTH) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Base64url has several spellings of the same bytes. Only the canonical one is accepted.
    if (bytes.toString('base64url') !== token || bytes[0] !== VERSION) return undefined;
    const body = bytes.subarray(0, BODY_BYTES);
    const given = bytes.subarray(BODY_BYTES);
    const isGenuine = [this.#key, ...this.#previousKeys].some((key) => timingSafeEqual(given, mac(key, body)));
    if (!isGenuine) return undefined;
    return { sessionId: bytesToUuid(body.subarray(1, 17)), generation: body.readUInt32BE(17) };
  }
}

function mac(key: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
