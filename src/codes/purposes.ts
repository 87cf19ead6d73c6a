const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What codes are for, and how long they are valid, in milliseconds. */
export const PURPOSES = {
  /** Creates the user of a private registration. */
  register: { ttlMs: 24 * HOUR },
  verify_email: { ttlMs: 24 * HOUR },
  reset_password: { ttlMs: 10 * MINUTE },
  /** A link that the operator gives to a user. It proves no address. */
  recovery_link: { ttlMs: HOUR },
  sign_in: { ttlMs: 10 * MINUTE },
  /** Sent to the new address. */
  change_email: { ttlMs: 24 * HOUR },
  /** Sent to the previous address. A user may have several. */
  undo_email_change: { ttlMs: 72 * HOUR },
} as const satisfies Record<string, { ttlMs: number }>;

export type Purpose = keyof typeof PURPOSES;
