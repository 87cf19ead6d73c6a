import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../../http/client-context.js';
import type { ChallengeUse } from '../../passkeys/challenges.js';
import type { RegistrationCredential } from '../../passkeys/credential.js';
import type { PasskeyCreationOptions } from '../../passkeys/passkey-options.js';
import { amrOf, Passkeys } from '../../passkeys/passkeys.js';
import { FactorChanges } from '../../second-factors/factor-changes.js';
import { type Enrolled, Enrolment } from '../second-factor/enrolment.js';
import { type PendingSignIn, PendingSignIns } from '../second-factor/pending-sign-ins.js';
import { SecondStep } from '../second-factor/second-step.js';

/** `MFA=required`: sets up a passkey as the first factor of a user during a sign-in. */
@Injectable()
export class PasskeyEnrolment {
  constructor(
    private readonly pending: PendingSignIns,
    private readonly enrolment: Enrolment,
    private readonly secondStep: SecondStep,
    private readonly passkeys: Passkeys,
    private readonly changes: FactorChanges,
  ) {}

  /** @throws MfaTokenInvalid */
  async options(mfaToken: string): Promise<PasskeyCreationOptions> {
    const pending = await this.pending.find('enrolment', mfaToken);
    return await this.passkeys.creationOptions(pending.user, useOf(pending));
  }

  /** @throws MfaTokenInvalid, NewPasskeyInvalid; SessionRevoked as SignIn.complete */
  async finish(
    mfaToken: string,
    { credential, name }: { credential: RegistrationCredential; name: string },
    client: ClientContext,
  ): Promise<Enrolled> {
    const pending = await this.pending.try('enrolment', mfaToken);
    const { user } = pending;
    const passkey = await this.passkeys.verifyNew(credential, useOf(pending));
    const recoveryCodes = await this.changes.add({ userId: user.id, client, method: 'passkey' }, async (manager) => {
      await this.enrolment.requireFirst(manager, pending);
      await this.passkeys.add(manager, user.id, passkey, name);
    });
    return { outcome: await this.secondStep.finish(pending, amrOf(passkey), client), recoveryCodes };
  }
}

function useOf({ id }: PendingSignIn): ChallengeUse {
  return { purpose: 'enrolment', subject: id };
}
