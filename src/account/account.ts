import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import type { Evidence } from '../auth/reauthentication.js';
import { SignIn } from '../auth/sign-in.js';
import { type AuthorizedChange, SensitiveChanges } from '../auth/step-up/sensitive-changes.js';
import { Codes } from '../codes/codes.js';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import { HashingTurns } from '../lockout/hashing-turns.js';
import { UserNotices } from '../notices/user-notices.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { PasswordRejected, WrongPassword } from '../passwords/passwords.errors.js';
import type { EndAllOptions } from '../sessions/revocation/revocation-log.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import type { EndReason } from '../sessions/session.entity.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import type { LiveSession } from '../sessions/session-statements.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

/** Changes that users make to their own account. Each must be authorized. */
@Injectable()
export class Account {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly revocations: Revocations,
    private readonly sessions: SessionsService,
    private readonly changes: SensitiveChanges,
    private readonly signIn: SignIn,
    private readonly turns: HashingTurns,
    private readonly audit: AuditLog,
    private readonly repeated: RepeatedEvents,
    private readonly notices: UserNotices,
    private readonly codes: Codes,
  ) {}

  /**
   * Changes the password, ends all other sessions of the user and revokes their codes, such as that of a change of the address
   * which the previous password allowed, in one transaction (ASVS 7.4.3). A new session replaces a
   * cookie session, so its previous cookie becomes invalid, also if an access token of it authenticated the request.
   *
   * @returns the new session if the current one is a cookie session
   * @throws the errors of {@link SensitiveChanges}; PasswordRejected
   */
  async changePassword(
    principal: Principal,
    client: ClientContext,
    evidence: Evidence,
    next: string,
  ): Promise<LiveSession | undefined> {
    const change = await this.changes.authorize(principal, client, evidence, 'current_password');
    const { user } = change;
    await this.#requireGoodPassword(principal, client, user, next);
    const hash = await this.hasher.hash(next, await this.turns.next(client.ip, user.id));
    const transport = await this.sessions.transportOf(principal.sessionId);
    let renewed: Awaited<ReturnType<SignIn['renew']>> | undefined;
    await this.#endSessions(principal, client, change, 'password_changed', {
      keep: transport === 'bearer' ? principal.sessionId : undefined,
      within: async (manager) => {
        const changed = await this.users.setPasswordHash(user, hash, manager);
        await this.codes.revokeAfterPasswordChange(manager, user.id);
        if (user.emailVerified) {
          await this.notices.add(manager, { userId: user.id, name: 'password_changed', facts: {} });
        }
        if (transport === 'cookie') renewed = await this.signIn.renew(manager, changed, principal, client);
      },
    });
    this.notices.wake();
    renewed?.log();
    return renewed?.session;
  }

  /**
   * Deletes the user with all their data, in one transaction.
   *
   * @throws the errors of {@link SensitiveChanges}
   */
  async delete(principal: Principal, client: ClientContext, evidence: Evidence): Promise<void> {
    const change = await this.changes.authorize(principal, client, evidence, 'password');
    await this.#endSessions(principal, client, change, 'user_deleted', {
      within: (manager) => this.users.delete(change.user.id, manager),
    });
  }

  async #requireGoodPassword(
    { userId, sessionId }: Principal,
    client: ClientContext,
    { username, email }: User,
    password: string,
  ): Promise<void> {
    try {
      await this.policy.check(password, { username, email, pointer: '/new_password' });
    } catch (error) {
      if (error instanceof PasswordRejected) {
        const details = { code: PasswordRejected.code };
        await this.repeated.recordRefused('password.refused', { userId, sessionId, client, details });
      }
      throw error;
    }
  }

  async #endSessions(
    principal: Principal,
    client: ClientContext,
    change: AuthorizedChange,
    reason: EndReason,
    options: EndAllOptions,
  ): Promise<void> {
    const { userId, sessionId } = principal;
    const require = (manager: EntityManager) => this.changes.requireStill(manager, principal, change);
    try {
      await this.revocations.revokeAll(userId, reason, { ...options, by: client, require });
    } catch (error) {
      // Recorded after the rollback, because the embedded database has no second connection.
      const refused = { userId, sessionId, client };
      if (error instanceof WrongPassword) {
        const details = { code: WrongPassword.code };
        await this.audit.record('password.refused', { result: 'refused', ...refused, details });
      }
      if (error instanceof SessionRevoked) {
        await this.repeated.recordRefused('password.refused', { ...refused, details: { code: SessionRevoked.code } });
      }
      throw error;
    }
  }
}
