import type { User } from '../users/user.entity.js';

/** The result of checking a credential. `SignIn` starts a session with it; `Account` requires one for changes. */
export interface Proof {
  /** As read before the check. Every use of the proof verifies that the credentials have not changed since. */
  user: User;
  /** The methods, as RFC 8176 values. */
  amr: readonly string[];
  at: Date;
}
