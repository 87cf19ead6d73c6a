import type { IncomingMessage } from 'node:http';
import { uuidv7 } from '../crypto/uuidv7.js';

/** The caller's `X-Request-Id` where it is 1-64 harmless characters, else a new one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : uuidv7();
}
