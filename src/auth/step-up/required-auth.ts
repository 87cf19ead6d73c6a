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

/** Judges how recently, and by which methods, the user of a session has authenticated (RFC 9470). */
@Injectable()
export class AuthenticationCheck {
  constructor(
    private readonly users: UsersService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws InsufficientAuthentication with what is missing; TokenRevoked if the user is deleted */
  async require(principal: Principal, required: RequiredAuth): Promise<void> {
    const maxAgeMs = required.maxAgeMs === 'STEP_UP_TTL' ? this.config.stepUpTtl : required.maxAgeMs;
    const amr = required.amr === SECOND_FACTOR_IF_ANY ? await this.#secondFactorOf(principal) : required.amr;
    const isRecent = maxAgeMs === undefined || this.clock.now() - principal.authTime.getTime() <= maxAgeMs;
    const hasMethod = amr === undefined || principal.amr.includes(amr);
    if (isRecent && hasMethod) return;
    throw new InsufficientAuthentication({
      ...(maxAgeMs === undefined ? {} : { maxAgeSeconds: Math.floor(maxAgeMs / 1000) }),
      amr,
    });
  }

  async #secondFactorOf({ userId }: Principal): Promise<string | undefined> {
    const user = await this.users.find(userId);
    if (user === null) throw new TokenRevoked();
    return user.hasSecondFactor && this.config.mfa !== 'off' ? 'mfa' : undefined;
  }
}
