import type { Rate, Read } from './setting.js';
import { ConfigError, duration, integer, rate } from './setting.js';

/** What a limit counts by. */
export type CountedBy = 'address' | 'account' | 'client' | 'session' | 'mailbox';

interface Limit {
  /** The setting that changes it. */
  setting: string;
  countedBy: CountedBy;
  /** Requests per window, as the setting is written. */
  rate: string;
}

/** All rate limits and their defaults. A test checks that docs/rate-limits.md lists the same. */
export const LIMITS = {
  logins: { setting: 'LIMIT_LOGINS', countedBy: 'address', rate: '60/1m' },
  failed_logins: { setting: 'LIMIT_FAILED_LOGINS', countedBy: 'address', rate: '100/15m' },
  registrations: { setting: 'LIMIT_REGISTRATIONS', countedBy: 'address', rate: '30/10m' },
  refreshes: { setting: 'LIMIT_REFRESHES', countedBy: 'address', rate: '300/1m' },
  password_changes: { setting: 'LIMIT_PASSWORD_CHANGES', countedBy: 'account', rate: '10/15m' },
  mail_requests: { setting: 'LIMIT_MAIL_REQUESTS', countedBy: 'address', rate: '20/10m' },
  mails: { setting: 'LIMIT_MAILS', countedBy: 'mailbox', rate: '5/1h' },
  codes: { setting: 'LIMIT_CODES', countedBy: 'address', rate: '30/10m' },
  second_factors: { setting: 'LIMIT_SECOND_FACTORS', countedBy: 'account', rate: '10/15m' },
  tokens: { setting: 'LIMIT_TOKENS', countedBy: 'account', rate: '60/1m' },
  requests: { setting: 'LIMIT_REQUESTS', countedBy: 'address', rate: '1200/1m' },
  client_requests: { setting: 'LIMIT_CLIENT_REQUESTS', countedBy: 'client', rate: '60000/1m' },
  verifications: { setting: 'LIMIT_VERIFICATIONS', countedBy: 'session', rate: '6000/1m' },
  key_requests: { setting: 'LIMIT_KEY_REQUESTS', countedBy: 'address', rate: '6000/1m' },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;
export type Limits = Readonly<Record<LimitName, Rate>>;

/** Account lockout after consecutive wrong passwords. Times are in milliseconds. */
export interface LockoutRules {
  /** Wrong passwords before the first wait. */
  after: number;
  /** The first wait; each further wrong password doubles it. */
  wait: number;
  maxWait: number;
  /** The count is reset when no wrong password arrives for this long. */
  forgetAfter: number;
}

/** The settings of the lockout and their defaults. */
export const LOCKOUT = {
  after: { setting: 'LOCKOUT_AFTER', value: '5' },
  wait: { setting: 'LOCKOUT_WAIT', value: '30s' },
  maxWait: { setting: 'LOCKOUT_MAX_WAIT', value: '15m' },
  forgetAfter: { setting: 'LOCKOUT_FORGET_AFTER', value: '12h' },
} as const satisfies Record<keyof LockoutRules, { setting: string; value: string }>;

export function readLimits(read: Read): Limits {
  const entries = Object.entries(LIMITS).map(([name, { setting, rate: fallback }]) => {
    const parser = rate(fallback);
    return [name, Object.freeze(read(setting, parser, parser(fallback, setting)))];
  });
  return Object.freeze(Object.fromEntries(entries));
}

/** @throws ConfigError also if the three times contradict each other */
export function readLockout(read: Read): Readonly<LockoutRules> {
  const DAY = 86_400_000;
  const after = integer(5, { min: 1, max: 100 });
  const time = (member: 'wait' | 'maxWait' | 'forgetAfter') => {
    const { setting, value } = LOCKOUT[member];
    const parser = duration(value, { min: 1000, max: 30 * DAY });
    return read(setting, parser, parser(value, setting));
  };
  const rules = {
    after: read(LOCKOUT.after.setting, after, after(LOCKOUT.after.value, LOCKOUT.after.setting)),
    wait: time('wait'),
    maxWait: time('maxWait'),
    forgetAfter: time('forgetAfter'),
  };
  if (rules.maxWait < rules.wait) throw new ConfigError('LOCKOUT_MAX_WAIT', 'must not be under LOCKOUT_WAIT', '15m');
  if (rules.forgetAfter < rules.maxWait) {
    throw new ConfigError('LOCKOUT_FORGET_AFTER', 'must not be under LOCKOUT_MAX_WAIT', '12h');
  }
  return Object.freeze(rules);
}
