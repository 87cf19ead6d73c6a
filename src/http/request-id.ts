import type { IncomingMessage } from 'node:http';
import { uuidv7 } from '../crypto/uuidv7.js';

/** The client's `X-Request-Id` if it has 1 to 64 safe characters, else a new one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : uuidv7();
}
