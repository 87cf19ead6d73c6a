import { randomFillSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { v7 as uuidv7 } from 'uuid';

const ID_BYTES = 16;
/** Random bytes for many ids at once: asking for few at a time costs more than all else here. */
const pool = Buffer.allocUnsafe(256 * ID_BYTES);
let used = pool.length;

/** The caller's `X-Request-Id` where it is 1-64 harmless characters, else a new one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newRequestId();
}

/** Nothing rests on its being unguessable. */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return uuidv7({ random: pool.subarray(used - ID_BYTES, used) });
}
