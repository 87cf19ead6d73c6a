import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CodeInvalid } from '../../codes/codes.errors.js';
import type { ClientContext } from '../../http/client-context.js';
import { FactorChanges } from '../../second-factors/factor-changes.js';
import { SecondFactorTries } from '../../second-factors/second-factor-tries.js';
import { Totp, type TotpEnrolment } from '../../second-factors/totp.js';
import { UsersService } from '../../users/users.service.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { SignInOutcome } from '../sign-in.js';
import { type PendingSignIn, PendingSignIns } from './pending-sign-ins.js';
import { SecondStep } from './second-step.js';

/** A session, and the recovery codes of its user. */
export interface Enrolled {
  outcome: SignInOutcome;
  recoveryCodes: string[] | null;
}

/** RFC 8176: a one-time password. */
const TOTP_AMR: readonly string[] = ['otp'];

/** `MFA=required`: sets up the first factor of a user during a sign-in. */
@Injectable()
export class Enrolment {
  constructor(
    private readonly pending: PendingSignIns,
    private readonly secondStep: SecondStep,
    private readonly totp: Totp,
    private readonly changes: FactorChanges,
    private readonly tries: SecondFactorTries,
    private readonly users: UsersService,
  ) {}

  /** @throws MfaTokenInvalid; TotpExists if the user has set one up meanwhile */
  async beginTotp(mfaToken: string): Promise<TotpEnrolment> {
    const { user } = await this.pending.find('enrolment', mfaToken);
    return await this.totp.enrol(user);
  }

  /** @throws MfaTokenInvalid, CodeInvalid, TooManyRequests; SessionRevoked as SignIn.complete */
  async confirmTotp(mfaToken: string, code: string, client: ClientContext): Promise<Enrolled> {
    const pending = await this.pending.try('enrolment', mfaToken);
    const use = { userId: pending.user.id, client };
    const undo = await this.tries.count(use);
    const recoveryCodes = await this.changes.add({ ...use, method: 'totp' }, async (manager) => {
      await this.requireFirst(manager, pending);
      if (!(await this.totp.confirm(manager, use.userId, code))) throw new CodeInvalid();
    });
    await undo();
    return { outcome: await this.secondStep.finish(pending, TOTP_AMR, client), recoveryCodes };
  }

  /**
   * Only the first factor may be set up with a password alone: otherwise, a login that began before the user had one would be a
   * way around it. Call it in the transaction that adds the factor.
   *
   * @throws MfaTokenInvalid also if the user's credentials have changed since the login
   */
  async requireFirst(manager: EntityManager, { user }: PendingSignIn): Promise<void> {
    const current = await this.users.find(user.id, manager);
    if (current === null || current.hasSecondFactor) throw new MfaTokenInvalid();
    if (!(await this.users.isUnchanged(user, manager))) throw new MfaTokenInvalid();
  }
}
