import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { addressLevels } from '../http/client-address.js';
import type { Turn } from '../passwords/turn-queue.js';
import { WindowCounters } from '../rate-limits/window-counters.js';

/** An address with a failed login in this window loses its priority. */
const FAILED = { quota: 0, windowSeconds: 900 };
/** How many hashes per minute have priority. People log in less often than this, floods more often. */
const OF_USER = { quota: 5, windowSeconds: 60 };
const OF_KNOWN_DEVICES = { quota: 10, windowSeconds: 60 };
const OF_CLEAR_ADDRESS = { quota: 5, windowSeconds: 60 };

/**
 * Sorts hashes into the turns of the hashing queue. Three kinds of clients take turns: users on known devices, addresses
 * without a recent failed login, and all others. So each kind gets a third of the hashing capacity, however many requests
 * the others send. Addresses of one kind take turns too; with IPv6, first the /48 networks, then the /56 and /64 networks in
 * them. Each instance counts by itself, in memory.
 */
@Injectable()
export class HashingTurns {
  readonly #counters: WindowCounters;

  constructor(clock: Clock) {
    this.#counters = new WindowCounters(clock);
  }

  /**
   * Returns the turn of a hash, and counts it.
   *
   * @param userId the user, if a known device or a session identifies them
   */
  async next(address: string | undefined, userId?: string): Promise<Turn> {
    const levels = addressLevels(address);
    return [await this.#kindOf(subscriber(levels), userId), ...levels];
  }

  /** Counts a failed login of an address. */
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

/** The address, or with IPv6 its /56 network, which providers assign to one household. */
const subscriber = (levels: Turn) => levels.at(-2) ?? (levels[0] as string);
