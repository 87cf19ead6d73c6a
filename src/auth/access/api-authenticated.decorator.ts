import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../../problems/auth-error.js';
import { CsrfFailed, SessionExpired, SessionInvalid, SessionRevoked } from '../../sessions/session.errors.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from '../../tokens/token.errors.js';

const OF_A_TOKEN = [TokenMissing, TokenMalformed, TokenExpired, TokenRevoked];
const OF_A_COOKIE = [SessionInvalid, SessionExpired, SessionRevoked];

/** The header that unsafe requests with a session cookie need. */
export const CSRF_HEADER = {
  name: 'X-CSRF-Token',
  required: false,
  description: 'The `csrf_token` of the login response. Required with a session cookie only.',
};

/**
 * Documents a route that accepts an access token or a session cookie, and its errors. Pass {@link CsrfFailed} for unsafe
 * methods.
 */
export function ApiAuthenticated(...own: AuthErrorClass[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiBearerAuth(),
    ApiCookieAuth(),
    ...(own.includes(CsrfFailed) ? [ApiHeader(CSRF_HEADER)] : []),
    ApiProblems(...OF_A_TOKEN, ...OF_A_COOKIE, ...own),
  );
}
