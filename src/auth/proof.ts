import type { User } from '../users/user.entity.js';

/** What a credential has proved. `SignIn` makes a session of it; `Account` requires one for what it changes. */
export interface Proof {
  /** As they were before the proof: whatever rests on it repeats that the credentials are still the same. */
  user: User;
  /** How it was proved, as RFC 8176 values. */
  amr: readonly string[];
  at: Date;
}
