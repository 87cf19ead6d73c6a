/** Enables rate limits, with high ones per address, which tests from one machine would reach first. */
export const LOCKOUT_ONLY = {
  RATE_LIMIT: 'on',
  LIMIT_REQUESTS: '1000000/1m',
  LIMIT_LOGINS: '1000000/1m',
  LIMIT_FAILED_LOGINS: '1000000/1m',
  LIMIT_REGISTRATIONS: '1000000/1m',
};

/** The device cookie that a response set, as a browser would send it. */
export function deviceCookie(headers: Headers): string {
  const [pair = ''] = headers
    .getSetCookie()
    .filter((line) => line.includes('portero-device='))
    .map((line) => line.split(';')[0] as string);
  return pair;
}
