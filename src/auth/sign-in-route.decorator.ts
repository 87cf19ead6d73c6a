import { applyDecorators, HttpCode, type Type, UseGuards } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { TooManyAttempts } from '../lockout/too-many-attempts.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { CsrfFailed, SessionRevoked } from '../sessions/session.errors.js';
import { SameSiteGuard } from './access/same-site.guard.js';
import { CookieSessionResponse } from './cookie-session.response.js';
import type { SignInRequest } from './sign-in.request.js';
import { TokensResponse } from './tokens.response.js';

/**
 * What the sign-in route of every credential has in common: it is public, counted as a login, refused to other sites,
 * and documented with the answers of {@link SignInAnswer}.
 *
 * @param body the DTO of the route's `@Body()`
 * @param own errors of the credential
 */
export function SignInRoute(body: Type<SignInRequest>, ...own: AuthErrorClass[]): MethodDecorator {
  return applyDecorators(
    Public(),
    // First: a call is counted before anything else is done for it.
    Limit('logins'),
    UseGuards(SameSiteGuard),
    HttpCode(200),
    ApiBody({ type: body }),
    ApiExtraModels(TokensResponse, CookieSessionResponse),
    ApiOkResponse({
      description: 'A new session: its tokens, or what belongs to its cookie.',
      schema: { oneOf: [TokensResponse, CookieSessionResponse].map((model) => ({ $ref: getSchemaPath(model) })) },
      headers: {
        'Set-Cookie': {
          description: 'With `transport: cookie`, the session; and a cookie by which this device is known later.',
          schema: { type: 'string' },
        },
      },
    }),
    ApiProblems(ValidationFailed, ...own, SessionRevoked, CsrfFailed, TooManyAttempts),
  );
}
