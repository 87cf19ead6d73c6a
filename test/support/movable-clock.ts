import { Clock } from '../../src/clock/clock.js';

/** The machine's time, and as far on as a test has moved it. */
export class MovableClock extends Clock {
  #ahead = 0;

  override now(): number {
    return Date.now() + this.#ahead;
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}
