import { Injectable } from '@nestjs/common';
import type { EventInput } from '../audit/audit-log.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { addressKey } from '../http/client-address.js';
import type { ClientContext } from '../http/client-context.js';
import { UserNotices } from '../notices/user-notices.js';
import type { Turn } from '../passwords/turn-queue.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { loginNames, type TypedNames } from '../users/identifier.js';
import { DeviceCookie, type DeviceOwner } from './device-cookie.js';
import { FailedLogins, type FailureReservation } from './failed-logins.js';
import { HashingTurns } from './hashing-turns.js';
import { Lockout, type Reservation } from './lockout.js';
import { TooManyAttempts } from './too-many-attempts.js';

/** A login that is about to be checked. */
export interface LoginAttempt {
  /** The user with these names, or null if there is none. */
  user: DeviceOwner | null;
  names: TypedNames;
  client: ClientContext;
}

/** A reauthentication that is about to be checked. */
export interface SessionAttempt {
  userId: string;
  sessionId: string;
  client: ClientContext;
}

/** Checks a password in its turn. Returns undefined if it is wrong. */
type Check<T> = (turn: Turn) => Promise<T | undefined>;

/**
 * Runs every check of a password. A check is counted in advance, by address and by account, and uncounted if the password
 * was right. The key of an account is its user ID, or for unknown names the folded names. So known and unknown names are
 * counted and locked alike.
 */
@Injectable()
export class PasswordAttempts {
  constructor(
    private readonly limits: RateLimits,
    private readonly failures: FailedLogins,
    private readonly lockout: Lockout,
    private readonly turns: HashingTurns,
    private readonly devices: DeviceCookie,
    private readonly hash: KeyedHash,
    private readonly repeated: RepeatedEvents,
    private readonly notices: UserNotices,
  ) {}

  /** Runs the check of a login. @throws TooManyRequests, TooManyAttempts, Unavailable before the check */
  async atLogin<T>(attempt: LoginAttempt, check: Check<T>): Promise<T | undefined> {
    const { user, names, client } = attempt;
    const { ip: address } = client;
    const device = user === null ? undefined : this.devices.recognise(client, user);
    const inTurn = async () => check(await this.turns.next(address, device && user?.id));
    if (!this.limits.enabled) return await inTurn();
    const known = user === null || device === undefined ? undefined : ['device', device, user.id];
    const place = await this.#reserveFailure(attempt);
    let failed = false;
    try {
      const account = this.#account(user, names);
      const found = await this.#run(account, known, inTurn, { ...this.auditedAs(attempt), client: attempt.client });
      failed = found === undefined;
      return found;
    } finally {
      if (failed) await this.turns.failed(address);
      await (failed ? place.failed() : place.release());
    }
  }

  /** Runs the check of a reauthentication. @throws TooManyAttempts before the check */
  async inSession<T>(attempt: SessionAttempt, check: Check<T>): Promise<T | undefined> {
    const { userId, sessionId, client } = attempt;
    const inTurn = async () => check(await this.turns.next(client.ip, userId));
    if (!this.limits.enabled) return await inTurn();
    return await this.#run(['user', userId], ['session', sessionId], inTurn, { userId, sessionId, client });
  }

  /** Ends the lockout of a user who has a new password. */
  async forgive(userId: string): Promise<void> {
    if (this.limits.enabled) await this.lockout.reset(this.hash.of('user', userId));
  }

  /**
   * The account in audit events: the user, or for unknown names a mark, which is the same for the same names. People
   * sometimes type passwords as names, so the mark has only six hex digits: too few to confirm a guess.
   */
  auditedAs({ user, names }: Pick<LoginAttempt, 'user' | 'names'>): Pick<EventInput, 'userId' | 'details'> {
    if (user !== null) return { userId: user.id };
    const mark = this.hash.of('mark', ...this.#account(null, names)).toString('hex');
    return { details: { name: mark.slice(0, 6) } };
  }

  /** @throws TooManyRequests after recording it; Unavailable */
  async #reserveFailure(attempt: LoginAttempt): Promise<FailureReservation> {
    try {
      return await this.failures.reserve(addressKey(attempt.client.ip));
    } catch (error) {
      if (error instanceof TooManyRequests) {
        const { userId, details } = this.auditedAs(attempt);
        await this.repeated.recordRefused('limit.hit', {
          userId,
          client: attempt.client,
          details: { code: TooManyRequests.code, limit: 'failed_logins', ...details },
        });
      }
      throw error;
    }
  }

  async #run<T>(
    account: string[],
    known: string[] | undefined,
    check: () => Promise<T | undefined>,
    who: EventInput,
  ): Promise<T | undefined> {
    const reservation = await this.#reserve(account, known, who);
    let found: T | undefined;
    try {
      found = await check();
    } catch (error) {
      // An error here must not hide the error of the check.
      await reservation.unchecked().catch(() => undefined);
      throw error;
    }
    await (found === undefined ? reservation.wrong(this.#lockedNotice(who)) : reservation.right());
    return found;
  }

  /** Undefined if there is no such user. */
  #lockedNotice({ userId }: EventInput): string | undefined {
    return userId && this.notices.parameter({ userId, name: 'account_locked', facts: {} });
  }

  /** Counts the attempt by account or, if the account is locked out, by known device or session. */
  async #reserve(account: string[], known: string[] | undefined, who: EventInput): Promise<Reservation> {
    const first = await this.lockout.reserve(this.hash.of(...account));
    if (!('lockedMs' in first)) return first;
    let { lockedMs } = first;
    if (known !== undefined) {
      const second = await this.lockout.reserve(this.hash.of(...known));
      if (!('lockedMs' in second)) return second;
      lockedMs = Math.min(lockedMs, second.lockedMs);
    }
    const details = { code: TooManyAttempts.code, ...who.details };
    await this.repeated.recordRefused('login.locked', { ...who, details });
    throw new TooManyAttempts({ retryAfterSeconds: Math.ceil(lockedMs / 1000) });
  }

  #account(user: DeviceOwner | null, typed: TypedNames): string[] {
    if (user !== null) return ['user', user.id];
    const names = loginNames(typed);
    // An unknown address has one account, in whichever field it was sent.
    if ('address' in names) return ['name', '', names.address];
    return ['name', names.username ?? '', names.email ?? ''];
  }
}
