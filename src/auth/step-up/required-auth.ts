import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import type { Principal } from '../../http/principal.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import { UsersService } from '../../users/users.service.js';
import { InsufficientAuthentication } from '../auth.errors.js';

export const REQUIRED_AUTH = 'portero:required-auth';

/** How a user must have authenticated for a route. */
export interface RequiredAuth {
  /** The greatest age of the authentication in milliseconds. */
  maxAgeMs?: number | 'STEP_UP_TTL';
  /** A method that `amr` must contain. */
  amr?: string;
}

export const SECOND_FACTOR_IF_ANY = 'mfa if the user has a second factor';

/** An authentication within `STEP_UP_TTL`, by a second factor if the user has one. */
export const STEP_UP: RequiredAuth = { maxAgeMs: 'STEP_UP_TTL', amr: SECOND_FACTOR_IF_ANY };

/** Judges how recently, and by which methods, the user of a session has authenticated (RFC 9470). */
@Injectable()
export class AuthenticationCheck {
  constructor(
    private readonly users: UsersService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Requires all of `required`. The challenge has the shortest of the ages, and the methods that are missing, else those that
   * are required.
   *
   * @throws InsufficientAuthentication; TokenRevoked if the user is deleted
   */
  async require(principal: Principal, ...required: readonly RequiredAuth[]): Promise<void> {
    const ages = required.flatMap(({ maxAgeMs }) => (maxAgeMs === undefined ? [] : [this.#milliseconds(maxAgeMs)]));
    const maxAgeMs = ages.length === 0 ? undefined : Math.min(...ages);
    const methods = await this.#methodsOf(principal, required);
    const missing = methods.filter((method) => !principal.amr.includes(method));
    const isRecent = maxAgeMs === undefined || this.clock.now() - principal.authTime.getTime() <= maxAgeMs;
    if (isRecent && missing.length === 0) return;
    throw challenge(maxAgeMs, missing.length === 0 ? methods : missing);
  }

  /** The challenge of {@link STEP_UP} for a user. */
  stepUpChallenge(user: { hasSecondFactor: boolean }): InsufficientAuthentication {
    return challenge(this.config.stepUpTtl, this.mustUseSecondFactor(user) ? ['mfa'] : []);
  }

  #milliseconds(age: number | 'STEP_UP_TTL'): number {
    return age === 'STEP_UP_TTL' ? this.config.stepUpTtl : age;
  }

  async #methodsOf({ userId }: Principal, required: readonly RequiredAuth[]): Promise<string[]> {
    const named = new Set(required.flatMap(({ amr }) => amr ?? []));
    if (named.delete(SECOND_FACTOR_IF_ANY)) {
      const user = await this.users.find(userId);
      if (user === null) throw new TokenRevoked();
      if (this.mustUseSecondFactor(user)) named.add('mfa');
    }
    return [...named];
  }

  /** Whether a sensitive change by this user needs a second factor. */
  mustUseSecondFactor({ hasSecondFactor }: { hasSecondFactor: boolean }): boolean {
    return hasSecondFactor && this.config.mfa !== 'off';
  }
}

function challenge(maxAgeMs: number | undefined, methods: readonly string[]): InsufficientAuthentication {
  return new InsufficientAuthentication({
    ...(maxAgeMs === undefined ? {} : { maxAgeSeconds: Math.floor(maxAgeMs / 1000) }),
    amr: methods.length === 0 ? undefined : methods.join(' '),
  });
}
