import { createHmac, timingSafeEqual } from 'node:crypto';
import { stringify as bytesToUuid, parse as uuidToBytes } from 'uuid';

const VERSION = 1;
const BODY_BYTES = 1 + 16 + 4;
const MAC_BYTES = 32;
const TEXT_LENGTH = Math.ceil(((BODY_BYTES + MAC_BYTES) * 8) / 6);

/** What a refresh token says: the n-th of a session. */
export interface RefreshTokenContent {
  sessionId: string;
  generation: number;
}

/**
 * Makes and reads refresh tokens. One is derived, not stored: `version ‖ session id ‖ generation ‖ MAC`
 * (HMAC-SHA-256, RFC 2104), so the same generation is the same token, byte for byte, on every instance,
 * and a forged one is refused with no look into the database.
 */
export class RefreshTokenCodec {
  readonly #key: Buffer;
  readonly #formerKeys: readonly Buffer[];

  /** @param formerKeys those of secrets before this one, whose tokens are still taken */
  constructor(key: Buffer, formerKeys: readonly Buffer[] = []) {
    this.#key = key;
    this.#formerKeys = formerKeys;
  }

  encode({ sessionId, generation }: RefreshTokenContent): string {
    const body = Buffer.alloc(BODY_BYTES);
    body[0] = VERSION;
    body.set(uuidToBytes(sessionId), 1);
    body.writeUInt32BE(generation, 17);
    return Buffer.concat([body, mac(this.#key, body)]).toString('base64url');
  }

  /** What a genuine token says; nothing where it is not one. */
  decode(token: string): RefreshTokenContent | undefined {
    if (token.length !== TEXT_LENGTH) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Only the one spelling that encodes these bytes: others would be other tokens of one meaning.
    if (bytes.toString('base64url') !== token || bytes[0] !== VERSION) return undefined;
    const body = bytes.subarray(0, BODY_BYTES);
    const given = bytes.subarray(BODY_BYTES);
    const isGenuine = [this.#key, ...this.#formerKeys].some((key) => timingSafeEqual(given, mac(key, body)));
    if (!isGenuine) return undefined;
    return { sessionId: bytesToUuid(body.subarray(1, 17)), generation: body.readUInt32BE(17) };
  }
}

function mac(key: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
