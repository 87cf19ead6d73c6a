import { Injectable } from '@nestjs/common';
import { KeyedHash } from '../crypto/keyed-hash.js';
import { addressKey } from '../http/client-address.js';
import type { ClientContext } from '../http/client-context.js';
import type { Turn } from '../passwords/turn-queue.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { identifierKey, LONGEST_IDENTIFIER } from '../users/identifier.js';
import { DeviceCookie, type DeviceOwner } from './device-cookie.js';
import { FailedLogins } from './failed-logins.js';
import { HashingTurns } from './hashing-turns.js';
import { Lockout, type Reservation } from './lockout.js';
import { TooManyAttempts } from './too-many-attempts.js';

/** A login that is about to be checked. */
export interface LoginAttempt {
  /** Whom the names belong to, if anybody. */
  user: DeviceOwner | null;
  names: { username?: string | undefined; email?: string | undefined };
  client: ClientContext;
}

/** A user who is logged in and is about to prove again who they are. */
export interface SessionAttempt {
  userId: string;
  sessionId: string;
  ip: string;
}

/** Checks a password in its turn. Finds nothing where it is wrong. */
type Check<T> = (turn: Turn) => Promise<T | undefined>;

/**
 * Every check of a password runs in here: it is counted before it is made, by address and by account, and uncounted
 * when it was right. An account is its user's id, by whichever name it was called, or else the names as they are folded;
 * so both are counted and refused alike.
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
  ) {}

  /** Runs the check of a login. @throws TooManyRequests, TooManyAttempts, Unavailable; then nothing was checked */
  async atLogin<T>({ user, names, client }: LoginAttempt, check: Check<T>): Promise<T | undefined> {
    const { ip: address } = client;
    const device = user === null ? undefined : this.devices.recognise(client, user);
    const inTurn = async () => check(await this.turns.next(address, device && user?.id));
    if (!this.limits.enabled) return await inTurn();
    const known = user === null || device === undefined ? undefined : ['device', device, user.id];
    const place = await this.failures.reserve(addressKey(address));
    let failed = false;
    try {
      const found = await this.#run(this.#account(user, names), known, inTurn);
      failed = found === undefined;
      return found;
    } finally {
      if (failed) await this.turns.failed(address);
      await (failed ? place.failed() : place.release());
    }
  }

  /** Runs the check by which a user who is logged in proves again who they are. @throws TooManyAttempts */
  async inSession<T>({ userId, sessionId, ip }: SessionAttempt, check: Check<T>): Promise<T | undefined> {
    const inTurn = async () => check(await this.turns.next(ip, userId));
    if (!this.limits.enabled) return await inTurn();
    return await this.#run(['user', userId], ['session', sessionId], inTurn);
  }

  /**
   * Tells attempts at one name that is nobody's from those at another, in the audit trail. Six digits: people type
   * passwords where a name is due, and so short a mark confirms no guess of what was typed.
   */
  markOf(names: LoginAttempt['names']): string {
    return this.hash
      .of('mark', ...this.#account(null, names))
      .toString('hex')
      .slice(0, 6);
  }

  async #run<T>(
    account: string[],
    known: string[] | undefined,
    check: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const reservation = await this.#reserve(account, known);
    let found: T | undefined;
    try {
      found = await check();
    } catch (error) {
      // The failure of the check is what the caller must hear of.
      await reservation.unchecked().catch(() => undefined);
      throw error;
    }
    await (found === undefined ? reservation.wrong() : reservation.right());
    return found;
  }

  /** By the account, and where that must wait, by what the user has logged in with before. */
  async #reserve(account: string[], known: string[] | undefined): Promise<Reservation> {
    const first = await this.lockout.reserve(this.hash.of(...account));
    if (!('lockedMs' in first)) return first;
    let { lockedMs } = first;
    if (known !== undefined) {
      const second = await this.lockout.reserve(this.hash.of(...known));
      if (!('lockedMs' in second)) return second;
      lockedMs = Math.min(lockedMs, second.lockedMs);
    }
    throw new TooManyAttempts({ retryAfterSeconds: Math.ceil(lockedMs / 1000) });
  }

  #account(user: DeviceOwner | null, { username, email }: LoginAttempt['names']): string[] {
    if (user !== null) return ['user', user.id];
    const fold = (name: string | undefined) =>
      name === undefined ? '' : identifierKey(name.slice(0, LONGEST_IDENTIFIER));
    return ['name', fold(username), fold(email)];
  }
}
