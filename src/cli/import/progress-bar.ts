import type { Terminal } from '../terminal.js';

const EVERY_MS = 200;
const WIDTH = 30;

/** A line on a terminal that says how far the work is; nothing where standard error is no terminal. */
export class ProgressBar {
  readonly #started = performance.now();
  #rows = 0;
  #drawnAt = 0;

  /** @param fraction of the work that is done, or nothing where nobody knows */
  constructor(
    private readonly fraction: () => number | undefined,
    private readonly stream: Terminal['stderr'],
  ) {}

  advance(): void {
    this.#rows++;
    if (!this.stream.isTTY || performance.now() - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = performance.now();
    const rate = Math.round((this.#rows / (this.#drawnAt - this.#started)) * 1000);
    const fraction = Math.min(1, this.fraction() ?? Number.NaN);
    const filled = Math.round(fraction * WIDTH);
    const bar = Number.isNaN(fraction)
      ? ''
      : `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)}%  `;
    this.stream.write(`\r\x1b[K${bar}${this.#rows} rows  ${rate} rows/s`);
  }

  /** Before anything else is written, which then stands on a line of its own. */
  clear(): void {
    if (!this.stream.isTTY || this.#drawnAt === 0) return;
    this.stream.write('\r\x1b[K');
    this.#drawnAt = 0;
  }
}
