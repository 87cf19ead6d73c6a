import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { duration } from '../../config/setting.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { InsufficientAuthentication } from '../auth.errors.js';
import { RecentAuthGuard } from './recent-auth.guard.js';
import { REQUIRED_AUTH, type RequiredAuth, SECOND_FACTOR_IF_ANY } from './required-auth.js';

/**
 * Requires that the user has authenticated recently; a login counts. Otherwise the response is the challenge of RFC 9470 with
 * `max_age`.
 *
 * @param maxAge such as `5m`; by default `STEP_UP_TTL`
 */
export function RequireRecentAuth(maxAge?: string): MethodDecorator {
  return requireAuth({ maxAgeMs: maxAge === undefined ? 'STEP_UP_TTL' : duration('5m')(maxAge, 'RequireRecentAuth') });
}

/** Requires a method in `amr`, such as `mfa`. Otherwise the response is the challenge of RFC 9470 with `acr_values`. */
export function RequireAmr(amr: string): MethodDecorator {
  return requireAuth({ amr });
}

/** Requires an authentication within `STEP_UP_TTL`, by a second factor if the user has one. */
export function RequireStepUp(): MethodDecorator {
  return requireAuth({ maxAgeMs: 'STEP_UP_TTL', amr: SECOND_FACTOR_IF_ANY });
}

function requireAuth(required: RequiredAuth): MethodDecorator {
  return applyDecorators(
    SetMetadata(REQUIRED_AUTH, required),
    UseGuards(RecentAuthGuard),
    ApiProblems(InsufficientAuthentication),
  );
}
