import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

/** Keys of counters. The hash is keyed, so a copy of the table reveals no names, ids or addresses. */
@Injectable()
export class KeyedHash {
  readonly #key: Buffer;

  constructor(config: Config) {
    this.#key = config.secret.derive('abuse-counts');
  }

  /** The first 16 bytes of HMAC-SHA-256 (RFC 2104) over the parts in their order. */
  of(...parts: string[]): Buffer {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest().subarray(0, 16);
  }
}
