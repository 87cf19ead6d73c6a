import { writeSync } from 'node:fs';

export interface LineWriterOptions {
  /** The maximum of bytes that may wait for the reader. Lines beyond that are dropped. */
  capacity?: number;
  /** Called with the number of dropped lines once the reader has caught up. */
  onDropped: (count: number) => void;
}

/** About 4,000 lines of requests. */
const CAPACITY = 1024 * 1024;
const RETRY_MS = 20;
/** How long the end of the process may wait for a reader, in milliseconds. */
const EXIT_MS = 1000;
const EXIT_RETRY_MS = 10;

/**
 * Writes lines to a non-blocking file descriptor. As long as the reader keeps up, a line is written before `write` returns.
 * Otherwise it waits in memory, and the process continues.
 *
 * It uses no thread and no stream: a thread that waits for the reader is missing in the pool that hashes passwords and keeps
 * the process from exiting, and the content of a stream is lost when the process exits.
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

  /** Writes the waiting lines; for the `exit` event. Blocks for up to a second if the reader does not keep up. */
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

  /** Returns false if the reader does not accept everything now. */
  #writeWaiting(): boolean {
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        const written = writeSync(this.#fd, line);
        this.#bytes -= written;
        if (written < line.length) this.#waiting[0] = line.subarray(written);
        else this.#waiting.shift();
      }
    } catch (error) {
      // A full pipe (EAGAIN) or disk (ENOSPC) may have room again; a reader that has gone (EPIPE) does not return.
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
