import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { ClientContext } from '../../http/client-context.js';
import type { ChallengeUse } from '../../passkeys/challenges.js';
import type { AssertionCredential } from '../../passkeys/credential.js';
import { Passkeys } from '../../passkeys/passkeys.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.js';
import { SecondFactorTries } from '../../second-factors/second-factor-tries.js';
import { SecondFactorInvalid } from '../../second-factors/second-factors.errors.js';
import { Totp } from '../../second-factors/totp.js';
import type { User } from '../../users/user.entity.js';

/** Evidence of one second factor. */
export interface SecondFactorEvidence {
  totp?: string | undefined;
  recovery_code?: string | undefined;
  /** For a challenge of {@link challengeUseOf}. */
  passkey?: AssertionCredential | undefined;
}

export interface SecondFactorAttempt {
  user: User;
  evidence: SecondFactorEvidence;
  client: ClientContext;
  /** The session that asks, if there is one yet. */
  sessionId?: string;
  /** Otherwise the sign-in that asks. */
  signInId?: string;
}

/** What the challenge of a passkey is for, at a step-up or at a sign-in. */
export function challengeUseOf({
  sessionId,
  signInId = '',
}: Pick<SecondFactorAttempt, 'sessionId' | 'signInId'>): ChallengeUse {
  return sessionId === undefined
    ? { purpose: 'second_factor', subject: signInId }
    : { purpose: 'step_up', subject: sessionId };
}

/** RFC 8176: a one-time password. */
const CODE_AMR: readonly string[] = ['otp'];

/** Checks second factors, for sign-ins and step-ups. */
@Injectable()
export class SecondFactorCheck {
  constructor(
    private readonly totp: Totp,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly passkeys: Passkeys,
    private readonly tries: SecondFactorTries,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Checks the evidence and uses it up.
   *
   * @returns the methods, as RFC 8176 values
   * @throws SecondFactorInvalid; TooManyRequests after too many wrong codes of the user
   */
  async prove(attempt: SecondFactorAttempt): Promise<readonly string[]> {
    const undo = await this.tries.count(eventOf(attempt));
    const amr = await this.#use(attempt);
    if (amr !== undefined) {
      await undo();
      return amr;
    }
    await this.audit.record('second_factor.refused', {
      result: 'refused',
      ...eventOf(attempt),
      details: { code: SecondFactorInvalid.code, method: methodOf(attempt.evidence) },
    });
    throw new SecondFactorInvalid();
  }

  /** Undefined if the evidence is wrong. */
  async #use(attempt: SecondFactorAttempt): Promise<readonly string[] | undefined> {
    const { evidence } = attempt;
    if (evidence.passkey === undefined) return (await this.#useCode(attempt)) ? CODE_AMR : undefined;
    const use = challengeUseOf(attempt);
    return await this.passkeys.assert({ ...eventOf(attempt), credential: evidence.passkey, use });
  }

  async #useCode(attempt: SecondFactorAttempt): Promise<boolean> {
    const { user, evidence } = attempt;
    if (evidence.totp !== undefined) return await this.totp.use(user.id, evidence.totp);
    return await this.recoveryCodes.use(eventOf(attempt), evidence.recovery_code ?? '');
  }
}

function eventOf({ user, client, sessionId }: SecondFactorAttempt) {
  return { userId: user.id, sessionId, client };
}

function methodOf({ passkey, totp }: SecondFactorEvidence): string {
  if (passkey !== undefined) return 'passkey';
  return totp === undefined ? 'recovery_code' : 'totp';
}
