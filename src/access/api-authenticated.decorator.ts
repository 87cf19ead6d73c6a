import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from './token.errors.js';

/** Documents a route that takes an access token, and what it answers without a good one. */
export function ApiAuthenticated(...own: AuthErrorClass[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiBearerAuth(),
    ApiProblems(TokenMissing, TokenMalformed, TokenExpired, TokenRevoked, ...own),
  );
}
