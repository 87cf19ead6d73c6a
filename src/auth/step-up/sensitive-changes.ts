import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import { WrongPassword } from '../../passwords/passwords.errors.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { pointer } from '../../problems/validation.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { endedError } from '../ended-error.js';
import { type Evidence, Reauthentication } from '../reauthentication.js';
import { AuthenticationCheck, STEP_UP } from './required-auth.js';

/** A change that its user has authorized. */
export interface AuthorizedChange {
  /** As read before the check, with the password hash. */
  user: User;
  /** Evidence in the request, such as the current password; or the recent authentication of the session. */
  by: 'evidence' | 'session';
}

/**
 * Authorizes changes of a user's own password, address and existence: by the current password, or without it by a recent
 * authentication of the session, with a second factor if the user has one. A user who has only a password must send it
 * (ASVS 6.2.3), because a login counts as recent authentication, and somebody may have left a device unlocked.
 */
@Injectable()
export class SensitiveChanges {
  constructor(
    private readonly users: UsersService,
    private readonly reauthentication: Reauthentication,
    private readonly authentication: AuthenticationCheck,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * @param member the member of the body in which the current password is missing if there is no evidence
   * @throws WrongPassword, TooManyAttempts, Busy; ValidationFailed if the password is missing and the user has nothing else;
   * InsufficientAuthentication; TokenRevoked if the user is deleted
   */
  async authorize(
    principal: Principal,
    client: ClientContext,
    evidence: Evidence,
    member: string,
  ): Promise<AuthorizedChange> {
    if (Object.values(evidence).some((value) => value !== undefined)) {
      const { user } = await this.reauthentication.prove(principal, client, evidence);
      return { user, by: 'evidence' };
    }
    const user = await this.users.findForProof(principal.userId);
    if (user === null) throw new TokenRevoked();
    if (user.passwordHash !== null && !this.authentication.mustUseSecondFactor(user)) {
      throw new ValidationFailed({ faults: [{ pointer: pointer(member), code: 'required' }] });
    }
    await this.authentication.require(principal, STEP_UP);
    return { user, by: 'session' };
  }

  /**
   * Checks again in the transaction of the change: hashing can take seconds under load. Call it with the user's row locked.
   *
   * @throws TokenRevoked, SessionRevoked if the session has ended; WrongPassword, InsufficientAuthentication if the credentials
   * have changed
   */
  async requireStill(manager: EntityManager, principal: Principal, { user, by }: AuthorizedChange): Promise<void> {
    if (!(await this.sessions.isLive(manager, principal))) throw endedError(principal);
    const isUnchanged = await this.users.isUnchanged(user, manager);
    if (by === 'evidence') {
      if (!isUnchanged) throw new WrongPassword();
      return;
    }
    const current = await this.users.find(user.id, manager);
    if (isUnchanged && current?.hasSecondFactor === user.hasSecondFactor) return;
    throw this.authentication.stepUpChallenge(current ?? user);
  }
}
