/**
 * Remembers what verified tokens said, so that a signature is verified once. Keyed by the token's whole text, so that
 * another spelling is another token. Holds `size` entries at the most, in two halves: what is asked for moves to the
 * young half, and when that is full the old half, which nobody asked for, is forgotten at once. So a look-up writes
 * nothing as a rule, which a list by last use would at each.
 */
export class VerifiedTokens<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(private readonly size: number) {}

  get count(): number {
    return this.#young.size + this.#old.size;
  }

  get(token: string): T | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old === undefined) return undefined;
    this.#old.delete(token);
    this.set(token, old);
    return old;
  }

  set(token: string, value: T): void {
    const half = Math.floor(this.size / 2);
    if (half === 0) return;
    if (this.#young.size >= half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(token, value);
  }

  /** Forgets what the condition holds for. */
  forget(condition: (value: T) => boolean): void {
    for (const half of [this.#young, this.#old]) {
      for (const [token, value] of half) if (condition(value)) half.delete(token);
    }
  }
}
