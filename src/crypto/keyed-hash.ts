import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

/** What counts are kept under: who copies the table of counts learns no name, id or address from it. */
@Injectable()
export class KeyedHash {
  readonly #key: Buffer;

  constructor(config: Config) {
    this.#key = config.secret.derive('abuse-counts');
  }

  /** 16 bytes that stand for the parts, in their order (HMAC-SHA-256, RFC 2104). */
  of(...parts: string[]): Buffer {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest().subarray(0, 16);
  }
}
