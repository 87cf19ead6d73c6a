interface Queue {
  inside: number;
  waiting: { enter: () => void; timer: NodeJS.Timeout }[];
}

/**
 * Lets a few attempts of one key, such as an account or an address, be under way at once in this process, and the others
 * wait. So attempts with the right password, however many come together, are not taken for guesses that are still being
 * checked.
 */
export class ConcurrencyLimit {
  readonly #queues = new Map<string, Queue>();

  /**
   * @param width how many are let in at once
   * @param patience how long one waits, in milliseconds
   * @param longestQueue how many may wait for one key; more are turned away
   */
  constructor(
    private readonly width: number,
    private readonly patience: number,
    private readonly longestQueue = 100,
  ) {}

  /** @returns what lets the next one in, or nothing where the wait was too long or there were too many */
  async enter(key: string): Promise<(() => void) | undefined> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { inside: 0, waiting: [] };
      this.#queues.set(key, queue);
    }
    if (queue.inside < this.width) queue.inside += 1;
    else if (queue.waiting.length >= this.longestQueue || !(await this.#turn(queue))) return undefined;
    return () => this.#leave(key, queue);
  }

  #turn(queue: Queue): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        queue.waiting = queue.waiting.filter((waiting) => waiting.timer !== timer);
        resolve(false);
      }, this.patience);
      const enter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      queue.waiting.push({ enter, timer });
    });
  }

  /** Hands the place over, or gives it up. */
  #leave(key: string, queue: Queue): void {
    const next = queue.waiting.shift();
    if (next !== undefined) {
      next.enter();
      return;
    }
    queue.inside -= 1;
    if (queue.inside === 0) this.#queues.delete(key);
  }
}
