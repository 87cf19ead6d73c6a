import type { LimitName } from '../config/limits.js';
import type { Rate } from '../config/setting.js';
import type { Count } from './rate-store.js';

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11 §3, §4): lists of structured fields
 * (RFC 9651) with the quota and its window, and what remains for how many seconds.
 */
export function limitHeaders(limit: LimitName, { quota, windowSeconds }: Rate, count: Count): Record<string, string> {
  const remaining = Math.max(0, quota - count.used);
  return {
    'RateLimit-Policy': `"${limit}";q=${quota};w=${windowSeconds}`,
    RateLimit: `"${limit}";r=${remaining};t=${Math.max(0, Math.ceil(count.msLeft / 1000))}`,
  };
}

/** The response headers above, for the OpenAPI document. */
export const LIMIT_HEADERS = {
  'RateLimit-Policy': {
    description: 'The limit of the route: its name, its quota and its window in seconds.',
    schema: { type: 'string' as const },
  },
  RateLimit: {
    description: 'What remains of the quota, and the seconds until the window ends.',
    schema: { type: 'string' as const },
  },
};
