import { Clock } from '../../src/clock/clock.js';

/** The machine's time, and as far on as a test has moved it. */
export class MovableClock extends Clock {
  #ahead = 0;
  #stoppedAt: number | undefined;

  override now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#ahead;
  }

  /** From now on only a test moves it. */
  stop(): void {
    this.#stoppedAt = Date.now();
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}
