import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { AuthErrorClass } from './auth-error.js';
import {
  BodyTooLarge,
  HeadersTooLarge,
  InternalError,
  MalformedRequest,
  RequestTimeout,
  TooManyRequests,
  Unavailable,
  UnsupportedMediaType,
  ValidationFailed,
} from './http.errors.js';
import { en } from './messages.en.js';
import { describeProblem, type Problem } from './problem.js';

const OF_EVERY_ROUTE = [MalformedRequest, RequestTimeout, TooManyRequests, HeadersTooLarge, InternalError, Unavailable];
const OF_EVERY_BODY = [BodyTooLarge, UnsupportedMediaType];

/**
 * Documents the problems of a route: one response per status, one example per code. The problems of all routes are added, and
 * with {@link ValidationFailed} those of all bodies.
 */
export function ApiProblems(...own: AuthErrorClass[]): MethodDecorator & ClassDecorator {
  const kinds = [...own, ...(own.includes(ValidationFailed) ? OF_EVERY_BODY : []), ...OF_EVERY_ROUTE];
  return applyDecorators(...problemResponses(kinds).map(([status, response]) => ApiResponse({ status, ...response })));
}

/** The OpenAPI responses of problems, by status. */
export function problemResponses(kinds: readonly AuthErrorClass[]) {
  const statuses = [...new Set(kinds.map(({ status }) => status))];
  return statuses.map((status) => {
    const group = kinds.filter((kind) => kind.status === status);
    const response = {
      description: group.map(({ code }) => `\`${code}\`: ${en.problems[code].title}.`).join(' '),
      headers: status === 401 ? CHALLENGE : status === 503 || status === 429 ? RETRY_AFTER : {},
      content: {
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: Object.fromEntries(group.map((kind) => [kind.code, { value: example(kind) }])),
        },
      },
    };
    return [status, response] as const;
  });
}

const CHALLENGE = {
  'WWW-Authenticate': { description: 'The challenge of RFC 6750.', schema: { type: 'string' } },
} as const;
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds until a retry makes sense.', schema: { type: 'integer' } },
} as const;

function example(kind: AuthErrorClass): Problem {
  return describeProblem(new kind(), '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001', 'en');
}
