import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import { HashingTurns } from '../lockout/hashing-turns.js';
import { PasswordAttempts } from '../lockout/password-attempts.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { PasswordRejected, WrongPassword } from '../passwords/passwords.errors.js';
import type { EndAllOptions } from '../sessions/revocation/revocation-log.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import type { EndReason } from '../sessions/session.entity.js';
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
    private readonly audit: AuditLog,
    private readonly repeated: RepeatedEvents,
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
    await this.#requireGoodPassword(caller, user, next);
    const hash = await this.hasher.hash(next, await this.turns.next(caller.ip, user.id));
    let renewed: Awaited<ReturnType<SessionsService['renew']>> | undefined;
    await this.#endSessions(caller, user, 'password_changed', {
      keep: caller.transport === 'bearer' ? caller.sessionId : undefined,
      within: async (manager) => {
        const changed = await this.users.setPasswordHash(user, hash, manager);
        if (caller.transport === 'cookie') renewed = await this.sessions.renew(manager, changed, caller);
      },
    });
    renewed?.log();
    return renewed?.session;
  }

  /**
   * Deletes the user with all that hangs on them, in one transaction.
   *
   * @throws WrongPassword, TooManyAttempts, Busy; TokenRevoked, SessionRevoked as {@link changePassword}
   */
  async delete(caller: AccountCaller, password: string): Promise<void> {
    const user = await this.#prove(caller, password);
    await this.#endSessions(caller, user, 'user_deleted', {
      within: (manager) => this.users.delete(user.id, manager),
    });
  }

  async #prove(caller: AccountCaller, password: string): Promise<User> {
    const user = await this.users.findForProof(caller.userId);
    if (!user) throw new TokenRevoked();
    const proved = await this.attempts.inSession(caller, async (turn) => {
      const { matches } = await this.hasher.verify(password, user.passwordHash, turn);
      return matches ? user : undefined;
    });
    if (proved !== undefined) return proved;
    await this.#recordWrongPassword(caller);
    throw new WrongPassword();
  }

  async #recordWrongPassword(caller: AccountCaller): Promise<void> {
    const { userId, sessionId } = caller;
    const details = { code: WrongPassword.code };
    await this.audit.record('password.refused', { result: 'refused', userId, sessionId, client: caller, details });
  }

  async #requireGoodPassword(caller: AccountCaller, { username, email }: User, password: string): Promise<void> {
    try {
      await this.policy.check(password, { username, email, pointer: '/new_password' });
    } catch (error) {
      if (error instanceof PasswordRejected) await this.#recordRefusal(caller, PasswordRejected.code);
      throw error;
    }
  }

  async #recordRefusal(caller: AccountCaller, code: string): Promise<void> {
    const { userId, sessionId } = caller;
    await this.repeated.recordRefusal('password.refused', { userId, sessionId, client: caller, details: { code } });
  }

  async #endSessions(caller: AccountCaller, user: User, reason: EndReason, options: EndAllOptions): Promise<void> {
    try {
      await this.revocations.revokeAll(user.id, reason, {
        ...options,
        by: caller,
        require: (manager) => this.#requireStillProved(manager, caller, user),
      });
    } catch (error) {
      // After the transaction: it was rolled back, and the embedded database has no other session.
      if (error instanceof WrongPassword) await this.#recordWrongPassword(caller);
      if (error instanceof SessionRevoked) await this.#recordRefusal(caller, SessionRevoked.code);
      throw error;
    }
  }

  /** Hashing takes seconds under load: what was proved before it must still hold in the transaction that rests on it. */
  async #requireStillProved(manager: EntityManager, caller: AccountCaller, user: User): Promise<void> {
    if (!(await this.sessions.isLive(manager, caller))) {
      throw caller.transport === 'cookie' ? new SessionRevoked({ tokenPresented: false }) : new TokenRevoked();
    }
    if (!(await this.users.isUnchanged(user, manager))) {
      throw new WrongPassword();
    }
  }
}
