import type { Clock } from '../clock/clock.js';
import type { Rate } from '../config/setting.js';
import type { Count, RateStore } from './rate-store.js';

interface Counter {
  used: number;
  endsAt: number;
}

/** About 10 MB. */
const CAPACITY = 50_000;
const SWEEP_MS = 1000;

/**
 * Counters in the memory of the process, in fixed windows that start with the first request. At most 50,000 counters; the
 * oldest are dropped first, so requests from many addresses can't fill the memory.
 */
export class WindowCounters implements RateStore {
  readonly #counters = new Map<string, Counter>();
  #sweptAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly capacity = CAPACITY,
  ) {}

  get size(): number {
    return this.#counters.size;
  }

  /** {@link count}, for the interface of a store. */
  async take(limit: string, key: string, rate: Rate): Promise<Count> {
    return this.count(`${limit}:${key}`, rate);
  }

  async read(limit: string, key: string): Promise<Count> {
    const counter = this.#counters.get(`${limit}:${key}`);
    const msLeft = (counter?.endsAt ?? 0) - this.clock.now();
    return counter === undefined || msLeft <= 0 ? { used: 0, msLeft: 0 } : { used: counter.used, msLeft };
  }

  async undo(limit: string, key: string): Promise<void> {
    this.uncount(`${limit}:${key}`);
  }

  /** Increments a counter. No I/O. */
  count(key: string, { windowSeconds }: Rate): Count {
    const now = this.clock.now();
    const counter = this.#counters.get(key);
    if (counter !== undefined && counter.endsAt > now) {
      counter.used += 1;
      return { used: counter.used, msLeft: counter.endsAt - now };
    }
    // Deleted first, so that the order of the map is the order of the windows' starts.
    this.#counters.delete(key);
    if (this.#counters.size >= this.capacity) this.#makeRoom(now);
    this.#counters.set(key, { used: 1, endsAt: now + windowSeconds * 1000 });
    return { used: 1, msLeft: windowSeconds * 1000 };
  }

  /** Decrements a counter. No I/O. */
  uncount(key: string): void {
    const counter = this.#counters.get(key);
    if (counter !== undefined && counter.used > 0) counter.used -= 1;
  }

  #makeRoom(now: number): void {
    if (now - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = now;
      for (const [key, { endsAt }] of this.#counters) if (endsAt <= now) this.#counters.delete(key);
    }
    for (const key of this.#counters.keys()) {
      if (this.#counters.size < this.capacity) return;
      this.#counters.delete(key);
    }
  }
}
