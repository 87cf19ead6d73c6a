import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import type { ClientContext } from '../../http/client-context.js';
import type { ChallengeUse } from '../../passkeys/challenges.js';
import { type AssertionCredential, claimedUserId } from '../../passkeys/credential.js';
import type { PasskeyRequestOptions } from '../../passkeys/passkey-options.js';
import { PasskeyInvalid } from '../../passkeys/passkeys.errors.js';
import { Passkeys } from '../../passkeys/passkeys.js';
import { UsersService } from '../../users/users.service.js';
import type { Proof } from '../proof.js';

/** Nobody is known when a sign-in without a username begins. */
const SIGN_IN: ChallengeUse = { purpose: 'sign_in', subject: '' };

/** The credential of a passkey. It names the user, and is two factors at once. */
@Injectable()
export class PasskeySignIn {
  constructor(
    private readonly passkeys: Passkeys,
    private readonly users: UsersService,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /** The same for everybody, so that it reveals nothing. */
  async options(): Promise<PasskeyRequestOptions> {
    return await this.passkeys.requestOptions(SIGN_IN);
  }

  /** @throws PasskeyInvalid, also if the user is disabled */
  async prove(credential: AssertionCredential, client: ClientContext): Promise<Proof> {
    const userId = claimedUserId(credential);
    const user = userId === undefined ? null : await this.users.find(userId);
    if (user !== null && user.disabledAt === null) {
      const amr = await this.passkeys.assert({ credential, use: SIGN_IN, userId: user.id, client });
      if (amr !== undefined) return { user, amr, at: this.clock.date() };
    }
    const details = { code: PasskeyInvalid.code };
    await this.audit.record('login', { result: 'refused', userId: user?.id, client, details });
    throw new PasskeyInvalid();
  }
}
