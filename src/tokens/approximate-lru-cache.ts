/**
 * A cache of at most `size` entries, in two generations. A hit in the old generation moves the entry to the young one; when the
 * young one is full, the old one is dropped and the young one becomes old. Most look-ups write nothing, unlike in an exact LRU
 * cache.
 */
export class ApproximateLruCache<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(private readonly size: number) {}

  get(text: string): T | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old === undefined) return undefined;
    this.#old.delete(text);
    this.set(text, old);
    return old;
  }

  set(text: string, value: T): void {
    const half = Math.floor(this.size / 2);
    if (half === 0) return;
    if (this.#young.size >= half && !this.#young.has(text)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, value);
  }

  /** Removes the entries for which the condition is true. */
  forget(condition: (value: T) => boolean): void {
    for (const half of [this.#young, this.#old]) {
      for (const [text, value] of half) if (condition(value)) half.delete(text);
    }
  }

  /** The number of entries. */
  get count(): number {
    return this.#young.size + this.#old.size;
  }
}
