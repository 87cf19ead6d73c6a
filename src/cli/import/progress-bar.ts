import { count } from '../count.js';
import type { Terminal } from '../terminal.js';

const DRAW_EVERY_MS = 200;
const WIDTH = 30;

/** Draws a progress bar on standard error, if that is a terminal. */
export class ProgressBar {
  readonly #started = performance.now();
  #rows = 0;
  #drawnAt = 0;

  /** @param fraction returns the completed part of the work, from 0 to 1, or undefined if it is unknown */
  constructor(
    private readonly fraction: () => number | undefined,
    private readonly stream: Terminal['stderr'],
  ) {}

  advance(): void {
    this.#rows++;
    if (!this.stream.isTTY || performance.now() - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = performance.now();
    const rate = Math.round((this.#rows / (this.#drawnAt - this.#started)) * 1000);
    const fraction = Math.min(1, this.fraction() ?? Number.NaN);
    const filled = Math.round(fraction * WIDTH);
    const bar = Number.isNaN(fraction)
      ? ''
      : `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)}%  `;
    this.stream.write(`\r\x1b[K${bar}${count(this.#rows, 'row')}  ${count(rate, 'row')}/s`);
  }

  /** Removes the bar. Call it before other output. */
  clear(): void {
    if (!this.stream.isTTY || this.#drawnAt === 0) return;
    this.stream.write('\r\x1b[K');
    this.#drawnAt = 0;
  }
}
