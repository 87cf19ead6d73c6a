import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import { SessionExpired, SessionInvalid, SessionRevoked } from './session.errors.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from './token.errors.js';

/** What belongs to a cookie where the request may change something. */
export const CSRF_HEADER = {
  name: 'X-CSRF-Token',
  required: false,
  description: 'With a session cookie alone: the `csrf_token` of its login.',
};

const OF_A_COOKIE = [SessionInvalid, SessionExpired, SessionRevoked];

/** Documents a route that takes an access token or a session cookie, and what it answers without a good one. */
export function ApiAuthenticated(...own: AuthErrorClass[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiBearerAuth(),
    ApiCookieAuth(),
    ApiProblems(TokenMissing, TokenMalformed, TokenExpired, TokenRevoked, ...OF_A_COOKIE, ...own),
  );
}
