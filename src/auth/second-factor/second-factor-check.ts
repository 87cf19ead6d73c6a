import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { RepeatedEvents } from '../../audit/repeated-events.js';
import type { ClientContext } from '../../http/client-context.js';
import { TooManyRequests } from '../../problems/http.errors.js';
import { RateLimits } from '../../rate-limits/rate-limits.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.js';
import { SecondFactorInvalid } from '../../second-factors/second-factors.errors.js';
import { Totp } from '../../second-factors/totp.js';
import type { User } from '../../users/user.entity.js';

/** Evidence of one second factor. */
export interface SecondFactorEvidence {
  totp?: string | undefined;
  recovery_code?: string | undefined;
}

export interface SecondFactorAttempt {
  user: User;
  evidence: SecondFactorEvidence;
  client: ClientContext;
  /** The session that asks, if there is one yet. */
  sessionId?: string;
}

/** RFC 8176: a one-time password. */
const CODE_AMR: readonly string[] = ['otp'];

/** Checks second factors, for sign-ins and step-ups. */
@Injectable()
export class SecondFactorCheck {
  constructor(
    private readonly totp: Totp,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly limits: RateLimits,
    private readonly audit: AuditLog,
    private readonly repeated: RepeatedEvents,
  ) {}

  /**
   * Checks the evidence and uses it up.
   *
   * @returns the method, as RFC 8176 values
   * @throws SecondFactorInvalid; TooManyRequests after too many wrong codes of the user
   */
  async prove(attempt: SecondFactorAttempt): Promise<readonly string[]> {
    const undo = await this.#count(attempt);
    if (await this.#useCode(attempt)) {
      await undo();
      return CODE_AMR;
    }
    await this.audit.record('second_factor.refused', {
      result: 'refused',
      ...eventOf(attempt),
      details: { code: SecondFactorInvalid.code, method: methodOf(attempt.evidence) },
    });
    throw new SecondFactorInvalid();
  }

  async #useCode({ user, evidence }: SecondFactorAttempt): Promise<boolean> {
    if (evidence.totp !== undefined) return await this.totp.use(user.id, evidence.totp);
    return await this.recoveryCodes.use(user.id, evidence.recovery_code ?? '');
  }

  /** Counts a code before it is checked, so that concurrent guesses can't exceed the limit. @returns what uncounts it */
  async #count(attempt: SecondFactorAttempt): Promise<() => Promise<void>> {
    if (!this.limits.enabled) return async () => {};
    const { rejection, undo } = await this.limits.take('second_factors', attempt.user.id);
    if (rejection === undefined) return undo;
    await this.repeated.recordRefused('limit.hit', {
      ...eventOf(attempt),
      details: { code: TooManyRequests.code, limit: 'second_factors' },
    });
    throw rejection;
  }
}

function eventOf({ user, client, sessionId }: SecondFactorAttempt) {
  return { userId: user.id, sessionId, client };
}

function methodOf(evidence: SecondFactorEvidence): string {
  return evidence.totp === undefined ? 'recovery_code' : 'totp';
}
