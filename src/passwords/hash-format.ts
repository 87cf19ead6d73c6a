/** Whether a password is the one that a stored hash was made from. Resolves in constant time for a given hash. */
export type Compare = (password: string) => Promise<boolean>;

/** A stored hash that no login may be tried on: malformed, truncated, or with parameters beyond the caps. */
export class MalformedHash extends Error {
  override name = 'MalformedHash';
}

/** One way that others store password hashes: how to know it, and how to compare with it. */
export interface HashFormat {
  /** Stable, for reports: such as `werkzeug-scrypt`. */
  readonly name: string;

  /** Whether the text claims to be of this format, by its first characters. Cheap, and never throws. */
  recognises(stored: string): boolean;

  /**
   * Reads the text in full and judges its parameters, before any hashing.
   *
   * @throws MalformedHash with the reason, in words for the operator; never with the hash itself
   */
  parse(stored: string): Compare;
}
