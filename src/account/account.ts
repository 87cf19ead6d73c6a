import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import { HashingTurns } from '../lockout/hashing-turns.js';
import { PasswordAttempts } from '../lockout/password-attempts.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { WrongPassword } from '../passwords/passwords.errors.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import type { LiveSession } from '../sessions/session-statements.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TokenRevoked } from '../tokens/token.errors.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

/** Who asks, and from where. */
export interface AccountCaller extends Principal, ClientContext {
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
   * @throws WrongPassword, TooManyAttempts, PasswordRejected, Busy; TokenRevoked, SessionRevoked where the caller's
   * session ended meanwhile
   */
  async changePassword(caller: AccountCaller, current: string, next: string): Promise<LiveSession | undefined> {
    const user = await this.#prove(caller, current);
    await this.policy.check(next, { username: user.username, email: user.email, pointer: '/new_password' });
    const hash = await this.hasher.hash(next, await this.turns.next(caller.ip, user.id));
    let renewed: Awaited<ReturnType<SessionsService['renew']>> | undefined;
    await this.revocations.revokeAll(user.id, 'password_changed', {
      keep: caller.transport === 'bearer' ? caller.sessionId : undefined,
      by: caller,
      require: (manager) => this.#requireStillProved(manager, caller, user),
      within: async (manager) => {
        const changed = await this.users.setPasswordHash(user, hash, manager);
        if (caller.transport === 'cookie') renewed = await this.sessions.renew(manager, changed, caller);
      },
    });
    renewed?.tell();
    return renewed?.session;
  }

  /**
   * Deletes the user with all that hangs on them, in one transaction.
   *
   * @throws WrongPassword, TooManyAttempts, Busy; TokenRevoked, SessionRevoked as {@link changePassword}
   */
  async delete(caller: AccountCaller, password: string): Promise<void> {
    const user = await this.#prove(caller, password);
    await this.revocations.revokeAll(user.id, 'user_deleted', {
      by: caller,
      require: (manager) => this.#requireStillProved(manager, caller, user),
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
  /** Hashing takes seconds under load: what was proved before it must still hold in the transaction that rests on it. */
  async #requireStillProved(manager: EntityManager, caller: AccountCaller, user: User): Promise<void> {
    if (!(await this.sessions.isLive(manager, caller))) {
      throw caller.transport === 'cookie' ? new SessionRevoked({ tokenPresented: false }) : new TokenRevoked();
    }
    if (!(await this.users.isUnchanged(user, manager))) {
      throw new WrongPassword({ facts: { userId: caller.userId, sessionId: caller.sessionId } });
    }
  }
}
