import { Injectable } from '@nestjs/common';
import { HashingTurns } from '../abuse/hashing-turns.js';
import { PasswordAttempts } from '../abuse/password-attempts.js';
import type { Principal } from '../access/principal.js';
import { TokenRevoked } from '../access/token.errors.js';
import type { Caller } from '../audit/caller.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { WrongPassword } from '../passwords/passwords.errors.js';
import { Revocations } from '../sessions/revocations.js';
import { type LiveSession, SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

/** Who asks, and from where. */
export interface AccountCaller extends Principal, Caller {
  ip: string;
}

/** What users change of their own account, each after proving again who they are. */
@Injectable()
export class Account {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly revocations: Revocations,
    private readonly sessions: SessionsService,
    private readonly attempts: PasswordAttempts,
    private readonly turns: HashingTurns,
  ) {}

  /**
   * Changes the password and ends every session but the caller's, in one transaction (ASVS 7.4.3). A cookie session
   * goes on as a new one, so that the cookie from before is dead.
   *
   * @returns the new session, where the caller's was carried by a cookie
   * @throws WrongPassword, TooManyAttempts, PasswordRejected, Busy
   */
  async changePassword(caller: AccountCaller, current: string, next: string): Promise<LiveSession | undefined> {
    const user = await this.#prove(caller, current);
    await this.policy.check(next, { username: user.username, email: user.email, pointer: '/new_password' });
    const hash = await this.hasher.hash(next, await this.turns.next(caller.ip, user.id));
    await this.revocations.revokeAll(user.id, 'password_changed', {
      keep: caller.transport === 'bearer' ? caller.sessionId : undefined,
      by: caller,
      within: (manager) => this.users.setPasswordHash(user.id, hash, manager),
    });
    const changed = caller.transport === 'cookie' ? await this.users.find(user.id) : null;
    return changed ? await this.sessions.start(changed, caller, 'cookie', 'session.renewed') : undefined;
  }

  /** Deletes the user with all that hangs on them, in one transaction. @throws WrongPassword, TooManyAttempts, Busy */
  async delete(caller: AccountCaller, password: string): Promise<void> {
    const user = await this.#prove(caller, password);
    await this.revocations.revokeAll(user.id, 'user_deleted', {
      by: caller,
      within: (manager) => this.users.delete(user.id, manager),
    });
  }

  async #prove(caller: AccountCaller, password: string): Promise<User> {
    const { userId, sessionId } = caller;
    const user = await this.users.findForProof(userId);
    if (!user) throw new TokenRevoked();
    const proved = await this.attempts.inSession(caller, async (turn) => {
      const { matches } = await this.hasher.verify(password, user.passwordHash, turn);
      return matches ? user : undefined;
    });
    if (proved === undefined) throw new WrongPassword({ facts: { userId, sessionId } });
    return proved;
  }
}
