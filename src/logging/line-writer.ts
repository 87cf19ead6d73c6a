import { writeSync } from 'node:fs';

export interface LineWriterOptions {
  /** The most bytes that may wait for the reader. Lines beyond that are dropped. */
  capacity?: number;
  /** Called with the number of dropped lines once the reader has caught up. */
  onDropped: (count: number) => void;
}

/** About 4,000 lines of requests. */
const CAPACITY = 1024 * 1024;
const RETRY_MS = 20;
/** How long the end of the process may wait for a reader. */
const EXIT_MS = 1000;
const EXIT_RETRY_MS = 10;

/**
 * Writes lines to a descriptor that is in non-blocking mode. A line is out before `write` returns as long as the reader
 * keeps up. Otherwise it waits in memory, and the process goes on.
 *
 * There is no thread or stream in between: a thread that waits for the reader is missing from the pool that hashes
 * passwords and keeps the process from ending, and what a stream holds is lost when the process ends.
 */
export class LineWriter {
  readonly #fd: number;
  readonly #capacity: number;
  readonly #onDropped: (count: number) => void;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;
  #readerGone = false;

  constructor(fd: number, { capacity = CAPACITY, onDropped }: LineWriterOptions) {
    this.#fd = fd;
    this.#capacity = capacity;
    this.#onDropped = onDropped;
  }

  write(line: string): void {
    if (this.#readerGone) return;
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.length > this.#capacity) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#retry === undefined) this.#flush();
  }

  /** Writes what still waits; for the `exit` event. Blocks for up to a second while the reader does not keep up. */
  finish(): void {
    const deadline = performance.now() + EXIT_MS;
    const clock = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#writeWaiting() && performance.now() < deadline) Atomics.wait(clock, 0, 0, EXIT_RETRY_MS);
    this.#reportDropped();
  }

  #flush(): void {
    this.#retry = undefined;
    if (this.#writeWaiting()) this.#reportDropped();
    else this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref();
  }

  /** False if the reader does not accept all of it now. */
  #writeWaiting(): boolean {
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        const written = writeSync(this.#fd, line);
        this.#bytes -= written;
        if (written < line.length) this.#waiting[0] = line.subarray(written);
        else this.#waiting.shift();
      }
    } catch (error) {
      // A pipe that is full (EAGAIN) or a disk that is (ENOSPC) may have room again; a reader that is gone stays gone.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return false;
      this.#readerGone = true;
      this.#waiting = [];
      this.#bytes = 0;
    }
    return true;
  }

  #reportDropped(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) this.#onDropped(count);
  }
}
