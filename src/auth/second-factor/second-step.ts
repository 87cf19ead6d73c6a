import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import type { ClientContext } from '../../http/client-context.js';
import { withSecondFactor } from '../amr.js';
import { type CompleteOptions, SignIn, type SignInOutcome } from '../sign-in.js';
import { type PendingSignIn, PendingSignIns } from './pending-sign-ins.js';
import { SecondFactorCheck, type SecondFactorEvidence } from './second-factor-check.js';

/** The second step of a sign-in: starts the session that the first step asked for. */
@Injectable()
export class SecondStep {
  constructor(
    private readonly pending: PendingSignIns,
    private readonly check: SecondFactorCheck,
    private readonly signIn: SignIn,
    private readonly clock: Clock,
  ) {}

  /** @throws MfaTokenInvalid, SecondFactorInvalid, TooManyRequests; SessionRevoked as {@link SignIn.complete} */
  async prove(
    mfaToken: string,
    evidence: SecondFactorEvidence,
    client: ClientContext,
    options: CompleteOptions = {},
  ): Promise<SignInOutcome> {
    const pending = await this.pending.try('second_factor', mfaToken);
    const amr = await this.check.prove({ user: pending.user, evidence, client, signInId: pending.id });
    return await this.finish(pending, amr, client, options);
  }

  /**
   * Uses the token up and starts the session.
   *
   * @param second the methods of the second factor, as RFC 8176 values
   * @throws MfaTokenInvalid if another request has used the token; SessionRevoked as {@link SignIn.complete}
   */
  async finish(
    pending: PendingSignIn,
    second: readonly string[],
    client: ClientContext,
    options: CompleteOptions = {},
  ): Promise<SignInOutcome> {
    await this.pending.end(pending);
    const amr = withSecondFactor(pending.amr, second);
    const proof = { user: pending.user, amr, at: this.clock.date() };
    return await this.signIn.complete(proof, client, pending.transport, options);
  }
}
