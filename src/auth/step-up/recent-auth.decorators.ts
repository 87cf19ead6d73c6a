import { SetMetadata, UseGuards } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { duration } from '../../config/setting.js';
import { RecentAuthGuard } from './recent-auth.guard.js';
import { REQUIRED_AUTH, type RequiredAuth, STEP_UP } from './required-auth.js';

/** Marks an operation of the OpenAPI document that needs more than a session; guarded-routes.ts replaces it by the response. */
export const NEEDS_STEP_UP = 'x-portero-step-up';

/**
 * Requires that the user has authenticated recently; a login counts. Otherwise the response is the challenge of RFC 9470 with
 * `max_age`. A handler may have several of these decorators: all of them apply.
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
  return requireAuth(STEP_UP);
}

/** Documents that a route may respond with the challenge of RFC 9470. */
export function MayNeedStepUp(): MethodDecorator {
  return ApiExtension(NEEDS_STEP_UP, true);
}

/** Adds to the requirements of the handler, which has the guard once. */
function requireAuth(required: RequiredAuth): MethodDecorator {
  return (target, key, descriptor: PropertyDescriptor) => {
    const others: RequiredAuth[] | undefined = Reflect.getMetadata(REQUIRED_AUTH, descriptor.value);
    SetMetadata(REQUIRED_AUTH, [required, ...(others ?? [])])(target, key, descriptor);
    if (others === undefined) UseGuards(RecentAuthGuard)(target, key, descriptor);
    MayNeedStepUp()(target, key, descriptor);
  };
}
