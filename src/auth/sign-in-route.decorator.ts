import { applyDecorators, type CanActivate, HttpCode, type Type, UseGuards } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { TooManyAttempts } from '../lockout/too-many-attempts.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { FirstRecoveryCodesResponse } from '../second-factors/recovery-codes.response.js';
import { CsrfFailed, SessionRevoked } from '../sessions/session.errors.js';
import { SameSiteGuard } from './access/same-site.guard.js';
import { EmailNotVerified, EnrolmentRequired, SecondFactorRequired } from './auth.errors.js';
import { CookieSessionResponse } from './cookie-session.response.js';
import { SameSiteStepGuard } from './second-factor/same-site-step.guard.js';
import type { SignInRequest } from './sign-in.request.js';
import { TokensResponse } from './tokens.response.js';

const SESSIONS = [TokensResponse, CookieSessionResponse];
const oneOf = SESSIONS.map((model) => ({ $ref: getSchemaPath(model) }));

/**
 * Shared by the sign-in routes of all credentials: public, rate-limited as a login, protected against login CSRF, and
 * documented with the responses of {@link SignInResponder}.
 *
 * @param body the DTO of the route's `@Body()`
 * @param own errors of the credential
 */
export function SignInRoute(body: Type<SignInRequest>, ...own: AuthErrorClass[]): MethodDecorator {
  const errors = [...own, SecondFactorRequired, EnrolmentRequired, TooManyAttempts];
  return sessionRoute(body, { guard: SameSiteGuard, schema: { oneOf }, errors });
}

/** The same for a later step of a sign-in, whose first step has chosen the transport. */
export function SignInStep(body: Type<object>, ...own: AuthErrorClass[]): MethodDecorator {
  return sessionRoute(body, { guard: SameSiteStepGuard, schema: { oneOf }, errors: own });
}

/** The same for the step that sets up the first factor: recovery codes are beside the session. */
export function EnrolmentStep(body: Type<object>, ...own: AuthErrorClass[]): MethodDecorator {
  const codes = { $ref: getSchemaPath(FirstRecoveryCodesResponse) };
  return applyDecorators(
    ApiExtraModels(FirstRecoveryCodesResponse),
    sessionRoute(body, { guard: SameSiteStepGuard, schema: { allOf: [{ oneOf }, codes] }, errors: own }),
  );
}

interface SessionRoute {
  guard: Type<CanActivate>;
  /** Of the response. */
  schema: object;
  errors: AuthErrorClass[];
}

function sessionRoute(body: Type<object>, { guard, schema, errors }: SessionRoute): MethodDecorator {
  return applyDecorators(
    Public(),
    // First, so that a request is counted before all other work.
    Limit('logins'),
    UseGuards(guard),
    HttpCode(200),
    ApiBody({ type: body }),
    ApiExtraModels(...SESSIONS),
    ApiOkResponse({
      description: 'A new session: its tokens, or with `transport: cookie` its CSRF token.',
      schema,
      headers: {
        'Set-Cookie': {
          description:
            'The session cookie, with `transport: cookie`; and the device cookie, which marks a known device.',
          schema: { type: 'string' },
        },
      },
    }),
    ApiProblems(ValidationFailed, ...errors, EmailNotVerified, SessionRevoked, CsrfFailed),
  );
}
