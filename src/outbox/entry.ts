/** An entry of the outbox during an attempt to deliver it. */
export interface Entry {
  id: string;
  createdAt: Date;
  /** The number of attempts, this one included. */
  attempts: number;
}

/** Delivers the entries of one topic. */
export interface Handler {
  /**
   * Delivers one entry, within half of `leaseMs`. An error means that the attempt failed and another follows; its message is
   * stored and logged, so it must contain no secrets.
   *
   * @returns what to keep of the payload in the list of sent entries: no secrets
   * @throws Undeliverable, Held
   */
  deliver(payload: unknown, entry: Entry): Promise<object>;
  /** How long the entry belongs to the attempt, in milliseconds. After that, any instance delivers it again. */
  leaseMs: number;
}

/** No further attempt can succeed. The message is stored and logged, so it must contain no secrets. */
export class Undeliverable extends Error {
  override name = 'Undeliverable';
}

/** This server has no means to deliver. The entry stays until `Outbox.deliverHeld` is called. */
export class Held extends Error {
  override name = 'Held';
}

/** `waiting` includes entries that are being delivered. */
export type EntryState = 'waiting' | 'held' | 'sent' | 'dead';
