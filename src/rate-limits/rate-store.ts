import type { LimitName } from '../config/limits.js';
import type { Rate } from '../config/setting.js';

/** The state of a counter. */
export interface Count {
  used: number;
  /** Milliseconds until the window ends. */
  msLeft: number;
}

/** The counters that all instances share. Each method is atomic, and throws if the store is not available. */
export interface RateStore {
  /** Increments the counter of a key. The first increment starts a window. */
  take(limit: LimitName, key: string, rate: Rate): Promise<Count>;
  /** Reads a counter. */
  read(limit: LimitName, key: string, rate: Rate): Promise<Count>;
  /** Decrements a counter. */
  undo(limit: LimitName, key: string, rate: Rate): Promise<void>;
}

/** Undefined if counters are only in the memory of the process. */
export const RateStore = Symbol('RateStore');
