import type { LimitName } from '../config/limits.js';
import type { Rate } from '../config/setting.js';

/** A count; one just taken is in it. */
export interface Count {
  used: number;
  /** Milliseconds until its window is over. */
  msLeft: number;
}

/** Where the instances count together. Each method is one atomic step; a throw says that the store can't be asked now. */
export interface RateStore {
  /** Counts one more under a key. The first begins a window. */
  take(limit: LimitName, key: string, rate: Rate): Promise<Count>;
  /** Reads a count and adds nothing to it. */
  read(limit: LimitName, key: string, rate: Rate): Promise<Count>;
  /** Takes one back. */
  giveBack(limit: LimitName, key: string, rate: Rate): Promise<void>;
}

/** Injected where there is a store beside the memory of the process; else it is undefined. */
export const RateStore = Symbol('RateStore');
