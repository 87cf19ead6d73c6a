import { randomInt } from 'node:crypto';

const FIRST_MS = 5000;
const LONGEST_MS = 3_600_000;
/** The waits differ by this part of them, so that entries that failed together are not all retried together. */
const JITTER = 0.2;

/** How long an entry is given attempts, in milliseconds: ten in the first two hours, and one per hour after that. */
export const GIVE_UP_AFTER_MS = 86_400_000;

/** The wait after a failed attempt in milliseconds: 5 s, doubled for each further one up to an hour. */
export function backoff(attempts: number): number {
  const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
  const spread = Math.round(wait * JITTER);
  return wait - randomInt(spread + 1);
}
