import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES = 16;
/** Random bytes for many ids: one call per id would dominate the cost. */
const pool = Buffer.allocUnsafe(256 * BYTES);
let used = pool.length;

/**
 * A UUID version 7 (RFC 9562 §5.7) of a time in milliseconds since the epoch.
 *
 * @param seq orders the ids of one millisecond; 32 bits
 */
export function uuidv7(msecs = Date.now(), seq?: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES;
  const random = pool.subarray(used - BYTES, used);
  return v7(seq === undefined ? { msecs, random } : { msecs, random, seq });
}
