interface Queue {
  running: number;
  waiting: { enter: () => void; timer: NodeJS.Timeout }[];
}

/**
 * Limits the concurrent attempts of one key, such as an account or an address, in this process. Further attempts wait.
 * Without it, many concurrent logins with the right password would reach the limit for wrong ones, because attempts count as
 * wrong while they are checked.
 */
export class ConcurrencyLimit {
  readonly #queues = new Map<string, Queue>();

  /**
   * @param width the maximum of concurrent attempts per key
   * @param timeout how long an attempt may wait, in milliseconds
   * @param maxQueueLength the maximum of waiting attempts per key
   */
  constructor(
    private readonly width: number,
    private readonly timeout: number,
    private readonly maxQueueLength = 100,
  ) {}

  /** @returns a function to call at the end of the attempt, or undefined if the wait or the queue was too long */
  async enter(key: string): Promise<(() => void) | undefined> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { running: 0, waiting: [] };
      this.#queues.set(key, queue);
    }
    if (queue.running < this.width) queue.running += 1;
    else if (queue.waiting.length >= this.maxQueueLength || !(await this.#turn(queue))) return undefined;
    return () => this.#leave(key, queue);
  }

  #turn(queue: Queue): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        queue.waiting = queue.waiting.filter((waiting) => waiting.timer !== timer);
        resolve(false);
      }, this.timeout);
      const enter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      queue.waiting.push({ enter, timer });
    });
  }

  /** The next waiting attempt replaces this one, if there is any. */
  #leave(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next !== undefined) {
      next.enter();
      return;
    }
    queue.running -= 1;
    if (queue.running === 0) this.#queues.delete(key);
  }
}
