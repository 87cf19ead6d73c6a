import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import { WrongPassword } from '../../passwords/passwords.errors.js';
import { SecondFactorInvalid } from '../../second-factors/second-factors.errors.js';
import { Revocations } from '../../sessions/revocation/revocations.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { StepUps } from '../../sessions/step-ups.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { withSecondFactor } from '../amr.js';
import { CookieRequired } from '../auth.errors.js';
import { endedError } from '../ended-error.js';
import type { Proof } from '../proof.js';
import { Reauthentication } from '../reauthentication.js';
import { SecondFactorCheck } from '../second-factor/second-factor-check.js';
import { type SignedIn, SignIn } from '../sign-in.js';
import type { StepUpMethod, StepUpRequest } from './step-up.request.js';

/** What the user of a session has proved now. */
interface NewProof extends Proof {
  method: StepUpMethod;
}

/**
 * Authenticates the user of a session again: `auth_time` becomes the time of the proof.
 *
 * `amr` says how the user authenticated then. A second factor adds to the first one of the session, so the session has both. A
 * password replaces `amr`: a session that began with two factors would otherwise claim `mfa` for an authentication that only a
 * password proved.
 */
@Injectable()
export class StepUp {
  constructor(
    private readonly users: UsersService,
    private readonly reauthentication: Reauthentication,
    private readonly secondFactors: SecondFactorCheck,
    private readonly sessions: SessionsService,
    private readonly stepUps: StepUps,
    private readonly revocations: Revocations,
    private readonly signIn: SignIn,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /**
   * The outcome is the same session with new tokens, whose refresh token is still the current one; or the successor of a cookie
   * session, whose cookie becomes invalid (ASVS 7.2.4).
   *
   * @throws CookieRequired for an access token of a cookie session, which can't carry the new cookie; WrongPassword,
   * TooManyAttempts, Busy; SecondFactorInvalid, TooManyRequests; TokenRevoked, SessionRevoked if the session ended meanwhile
   */
  async perform(principal: Principal, client: ClientContext, request: StepUpRequest): Promise<SignedIn> {
    const { method } = request;
    const transport = await this.sessions.transportOf(principal.sessionId);
    if (transport === undefined) throw endedError(principal);
    if (transport !== principal.transport) throw new CookieRequired();
    const proof = await this.#prove(principal, client, request, method);
    const step = { transport, user: proof.user, deviceCookie: undefined };
    return transport === 'bearer'
      ? { ...step, session: await this.#update(principal, client, proof) }
      : { ...step, session: await this.#replace(principal, client, proof) };
  }

  async #prove(
    principal: Principal,
    client: ClientContext,
    request: StepUpRequest,
    method: StepUpMethod,
  ): Promise<NewProof> {
    const { userId, sessionId } = principal;
    if (method === 'password') {
      const proof = await this.reauthentication.prove(principal, client, { password: request.password });
      return { ...proof, method };
    }
    const user = await this.users.find(userId);
    if (user === null) throw new TokenRevoked();
    const evidence = { [method]: request[method] };
    const amr = await this.secondFactors.prove({ user, evidence, client, sessionId });
    return { user, amr, at: this.clock.date(), method };
  }

  async #update(principal: Principal, client: ClientContext, { user, amr, at, method }: NewProof) {
    const { sessionId } = principal;
    const adds = method !== 'password';
    const methods = adds ? withSecondFactor([], amr) : amr;
    const session = await this.stepUps.record({ user, sessionId, amr: methods, adds, at, method }, client);
    if (session !== undefined) return session;
    await this.users.transaction((manager) => this.#requireStillProved(manager, principal, user, method));
    throw endedError(principal);
  }

  async #replace(principal: Principal, client: ClientContext, { user, amr, at, method }: NewProof) {
    const { userId, sessionId } = principal;
    const methods = method === 'password' ? amr : withSecondFactor(principal.amr, amr);
    const event = this.audit.event('step_up', { userId, sessionId, client, details: { method } });
    let renewed: Awaited<ReturnType<SignIn['renew']>> | undefined;
    await this.revocations.revokeWithin({ userId, sessionId }, 'stepped_up', {
      by: client,
      require: (manager) => this.#requireStillProved(manager, principal, user, method),
      within: async (manager) => {
        renewed = await this.signIn.renew(manager, user, { ...principal, amr: methods, authTime: at }, client);
        await this.audit.insert(manager, event);
      },
    });
    this.audit.log(event);
    renewed?.log();
    return (renewed as Awaited<ReturnType<SignIn['renew']>>).session;
  }

  /** The check can take seconds under load. */
  async #requireStillProved(
    manager: EntityManager,
    principal: Principal,
    user: User,
    method: StepUpMethod,
  ): Promise<void> {
    if (!(await this.sessions.isLive(manager, principal))) throw endedError(principal);
    if (await this.users.isUnchanged(user, manager)) return;
    throw method === 'password' ? new WrongPassword() : new SecondFactorInvalid();
  }
}
