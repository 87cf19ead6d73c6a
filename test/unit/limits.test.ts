import { readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config/config.js';
import { LIMITS, LOCKOUT } from '../../src/config/limits.js';
import { ConcurrencyLimit } from '../../src/rate-limits/concurrency-limit.js';
import { WindowCounters } from '../../src/rate-limits/window-counters.js';
import { MovableClock } from '../support/movable-clock.js';

/** ASVS 2.1.3, 6.1.1: the documented rate limits match the code. */
const RATE = { quota: 3, windowSeconds: 60 };

test('docs/rate-limits.md has exactly the rate limits of the code', () => {
  const rows = [
    ...readFileSync('docs/rate-limits.md', 'utf8').matchAll(/^\| `([a-z_A-Z]+)` \| (.*) \| `([A-Z_]+)=([^`]+)` \|$/gm),
  ].map(([, name, about = '', setting, value]) => [name, about.split(' | ').at(-1), setting, value]);
  expect(rows).toEqual([
    ...Object.entries(LIMITS).map(([name, { setting, countedBy, rate }]) => [name, countedBy, setting, rate]),
    ...Object.entries(LOCKOUT).map(([name, { setting, value }]) => [name, 'account', setting, value]),
  ]);
});

test('the defaults match the contract [ASVS 2.3.2]', () => {
  const { limits, lockout } = loadConfig(
    { PORTERO_SECRET: Buffer.alloc(32).toString('base64url') },
    { terminal: false },
  ).config;
  expect(limits).toEqual({
    logins: { quota: 60, windowSeconds: 60 },
    failed_logins: { quota: 100, windowSeconds: 900 },
    registrations: { quota: 30, windowSeconds: 600 },
    refreshes: { quota: 300, windowSeconds: 60 },
    password_changes: { quota: 10, windowSeconds: 900 },
    mail_requests: { quota: 20, windowSeconds: 600 },
    mails: { quota: 5, windowSeconds: 3600 },
    second_factors: { quota: 10, windowSeconds: 900 },
    codes: { quota: 30, windowSeconds: 600 },
    tokens: { quota: 60, windowSeconds: 60 },
    requests: { quota: 1200, windowSeconds: 60 },
    client_requests: { quota: 60_000, windowSeconds: 60 },
    verifications: { quota: 6000, windowSeconds: 60 },
    key_requests: { quota: 6000, windowSeconds: 60 },
  });
  expect(lockout).toEqual({ after: 5, wait: 30_000, maxWait: 900_000, forgetAfter: 12 * 3_600_000 });
});

test('counters in memory expire with their window', () => {
  const clock = new MovableClock();
  const counters = new WindowCounters(clock);
  for (let n = 1; n <= 4; n++) expect(counters.count('a', RATE).used).toBe(n);
  clock.advance(60_000);
  expect(counters.count('a', RATE)).toEqual({ used: 1, msLeft: 60_000 });
});

test('the number of counters in memory is limited, and the oldest are dropped', () => {
  const counters = new WindowCounters(new MovableClock(), 100);
  for (let n = 0; n < 10_000; n++) counters.count(String(n), RATE);
  expect(counters.size).toBe(100);
  expect(counters.count('9999', RATE).used).toBe(2);
  expect(counters.count('0', RATE).used).toBe(1);
});

test('limits concurrent attempts per key, lets the next one start, and rejects attempts that wait too long', async () => {
  const limit = new ConcurrencyLimit(2, 50);
  const [first, second] = await Promise.all([limit.enter('a'), limit.enter('a')]);
  expect(await limit.enter('b')).toBeDefined();
  const third = limit.enter('a');
  first?.();
  expect(await third).toBeDefined();
  expect(await limit.enter('a')).toBeUndefined();
  second?.();
  expect(await limit.enter('a')).toBeDefined();
});
