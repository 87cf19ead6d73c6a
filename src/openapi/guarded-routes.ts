import type { OpenAPIObject } from '@nestjs/swagger';
import { GUARD_ERRORS } from '../auth/access/access.guard.js';
import { CSRF_HEADER } from '../auth/access/csrf.controller.js';
import { InsufficientAuthentication } from '../auth/auth.errors.js';
import { NEEDS_STEP_UP } from '../auth/step-up/recent-auth.decorators.js';
import { problemResponses } from '../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import { CsrfFailed } from '../sessions/session.errors.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']> & { [NEEDS_STEP_UP]?: true };
type Response = ReturnType<typeof problemResponses>[number][1];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Documents what the global guard does on every route without `@Public()`: its credentials, its errors and CSRF; and which
 * routes may need a step-up. Decorators could not add that: a second response of one status replaces the first.
 */
export function documentGuard({ paths }: OpenAPIObject): void {
  for (const item of Object.values(paths)) {
    for (const method of METHODS) {
      const operation: Operation | undefined = item[method];
      if (operation !== undefined && !isPublic(operation)) guard(operation, method === 'get');
    }
  }
}

/** `@Public()` adds an empty security requirement. */
function isPublic({ security = [] }: Operation): boolean {
  return security.some((scheme) => Object.keys(scheme).length === 0);
}

function guard(operation: Operation, isSafe: boolean): void {
  operation.security = [{ bearer: [] }, { cookie: [] }];
  const stepUp = operation[NEEDS_STEP_UP] ? [InsufficientAuthentication] : [];
  delete operation[NEEDS_STEP_UP];
  addProblems(operation, [...GUARD_ERRORS, ...stepUp, ...(isSafe ? [] : [CsrfFailed])]);
  if (isSafe) return;
  const header = { ...CSRF_HEADER, in: 'header', schema: { type: 'string' } } as const;
  operation.parameters = [...(operation.parameters ?? []), header];
}

function addProblems(operation: Operation, kinds: readonly AuthErrorClass[]): void {
  for (const [status, added] of problemResponses(kinds)) {
    const own = operation.responses[status] as Response | undefined;
    operation.responses[status] = own === undefined ? added : merged(added, own);
  }
}

function merged(added: Response, own: Response): Response {
  const examples = {
    ...added.content['application/problem+json'].examples,
    ...own.content['application/problem+json'].examples,
  };
  return {
    ...own,
    description: `${added.description} ${own.description}`,
    content: { 'application/problem+json': { ...own.content['application/problem+json'], examples } },
  };
}
