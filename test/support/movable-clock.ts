import { Clock } from '../../src/clock/clock.js';

/** The machine's time, and as far on as a test has moved it: time that went by, or a jump of the wall clock alone. */
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

  /** As for time that goes by: a jump is of this instance's clock alone. */
  override databaseTime(): Date | null {
    if (this.#stoppedAt === undefined && this.#ahead === 0) return null;
    return new Date((this.#stoppedAt ?? Date.now()) + this.#ahead);
  }

  /** From now on only a test moves it. */
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
