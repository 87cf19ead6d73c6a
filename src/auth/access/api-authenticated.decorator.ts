import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../../problems/auth-error.js';
import { CsrfFailed, SessionExpired, SessionInvalid, SessionRevoked } from '../../sessions/session.errors.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from '../../tokens/token.errors.js';

const OF_A_TOKEN = [TokenMissing, TokenMalformed, TokenExpired, TokenRevoked];
const OF_A_COOKIE = [SessionInvalid, SessionExpired, SessionRevoked];

/** What belongs to a cookie where the request may change something. */
export const CSRF_HEADER = {
  name: 'X-CSRF-Token',
  required: false,
  description: 'With a session cookie alone: the `csrf_token` of its login.',
};

/**
 * Documents a route that takes an access token or a session cookie, and what it answers without a good one. With
 * {@link CsrfFailed} it is one that may change something.
 */
export function ApiAuthenticated(...own: AuthErrorClass[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiBearerAuth(),
    ApiCookieAuth(),
    ...(own.includes(CsrfFailed) ? [ApiHeader(CSRF_HEADER)] : []),
    ApiProblems(...OF_A_TOKEN, ...OF_A_COOKIE, ...own),
  );
}
