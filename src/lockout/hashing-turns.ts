import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { addressLevels } from '../http/client-address.js';
import type { Turn } from '../passwords/turn-queue.js';
import { WindowCounters } from '../rate-limits/window-counters.js';

/** For how long a failed login is held against its address. */
const FAILED = { quota: 0, windowSeconds: 900 };
/** More hashes than these within a minute are no longer preferred: people log in less often, and floods more often. */
const OF_USER = { quota: 5, windowSeconds: 60 };
const OF_KNOWN_DEVICES = { quota: 10, windowSeconds: 60 };
const OF_CLEAR_ADDRESS = { quota: 5, windowSeconds: 60 };

/**
 * Decides whose turn a hash takes. Three kinds of callers take turns: users on devices that are known, addresses
 * without a recent failed login, and all others. So a third of what can be hashed is kept for each of the first two,
 * whatever the others send. Within a kind addresses take turns; of IPv6 first the /48s, then the /56s and /64s in them.
 * What is known of addresses is kept in the memory of the instance.
 */
@Injectable()
export class HashingTurns {
  readonly #counters: WindowCounters;

  constructor(clock: Clock) {
    this.#counters = new WindowCounters(clock);
  }

  /**
   * The turn of one more hash.
   *
   * @param userId the user, where they are known by their device or session
   */
  async next(address: string | undefined, userId?: string): Promise<Turn> {
    const levels = addressLevels(address);
    return [await this.#kindOf(subscriber(levels), userId), ...levels];
  }

  /** Holds a failed login against an address. */
  async failed(address: string | undefined): Promise<void> {
    await this.#counters.take('failed', subscriber(addressLevels(address)), FAILED);
  }

  async #kindOf(who: string, userId: string | undefined): Promise<'known' | 'clear' | 'other'> {
    const within = async (name: string, key: string, rate: typeof FAILED) =>
      (await this.#counters.take(name, key, rate)).used <= rate.quota;
    if (userId !== undefined) {
      const both = await Promise.all([within('user', userId, OF_USER), within('known', who, OF_KNOWN_DEVICES)]);
      if (both.every(Boolean)) return 'known';
    }
    if ((await this.#counters.read('failed', who)).used > FAILED.quota) return 'other';
    return (await within('clear', who, OF_CLEAR_ADDRESS)) ? 'clear' : 'other';
  }
}

/** Who is behind an address: of IPv6 the /56 that a provider gives to a household. */
const subscriber = (levels: Turn) => levels.at(-2) ?? (levels[0] as string);
