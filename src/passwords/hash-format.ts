/** Whether a password matches a stored hash. The time does not depend on the password. */
export type Compare = (password: string) => Promise<boolean>;

/** A stored hash can't be used: it is malformed, truncated, or its parameters exceed the limits. */
export class MalformedHash extends Error {
  override name = 'MalformedHash';
}

/** A foreign hash format: how to recognize it and how to verify a password. */
export interface HashFormat {
  /** A stable name for reports, such as `werkzeug-scrypt`. */
  readonly name: string;

  /** Whether the first characters are those of this format. Cheap; never throws. */
  recognises(stored: string): boolean;

  /**
   * Parses the text and checks its parameters, without hashing.
   *
   * @throws MalformedHash with the reason for the operator, without the hash itself
   */
  parse(stored: string): Compare;
}
