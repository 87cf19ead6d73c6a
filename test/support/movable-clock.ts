import { Clock } from '../../src/clock/clock.js';

/** The machine's time plus what a test adds: elapsed time, or a jump of only the wall clock. */
export class MovableClock extends Clock {
  #ahead = 0;
  #jumped = 0;
  #stoppedAt: number | undefined;

  override now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#ahead + this.#jumped;
  }

  override monotonic(): number {
    return performance.now() + this.#ahead;
  }

  /** Includes elapsed time but no jump, which affects only the wall clock of this instance. */
  override databaseTime(): Date | null {
    if (this.#stoppedAt === undefined && this.#ahead === 0) return null;
    return new Date((this.#stoppedAt ?? Date.now()) + this.#ahead);
  }

  /** Stops the clock. From now on only the test moves it. */
  stop(): void {
    this.#stoppedAt = Date.now();
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }

  jump(milliseconds: number): void {
    this.#jumped += milliseconds;
  }
}
