/**
 * A bounded memory of what was worked out for a text, keyed by the whole text. It holds `size` entries at the most, in
 * two halves: what is asked for moves to the young half, and when that is full the old half, which nobody asked for, is
 * forgotten at once. So a look-up writes nothing as a rule, which a list by last use would at each.
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

  /** Forgets what the condition holds for. */
  forget(condition: (value: T) => boolean): void {
    for (const half of [this.#young, this.#old]) {
      for (const [text, value] of half) if (condition(value)) half.delete(text);
    }
  }

  /** How many entries there are. */
  get count(): number {
    return this.#young.size + this.#old.size;
  }
}
