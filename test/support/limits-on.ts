/** Turns the limits on, and lifts those by address, which a test on one machine would meet first. */
export const LOCKOUT_ONLY = {
  RATE_LIMIT: 'on',
  LIMIT_REQUESTS: '1000000/1m',
  LIMIT_LOGINS: '1000000/1m',
  LIMIT_FAILED_LOGINS: '1000000/1m',
  LIMIT_REGISTRATIONS: '1000000/1m',
};

/** The devices' cookie that an answer set, as a browser would send it. */
export function deviceCookie(headers: Headers): string {
  const [pair = ''] = headers
    .getSetCookie()
    .filter((line) => line.includes('portero-device='))
    .map((line) => line.split(';')[0] as string);
  return pair;
}
