import type { FastifyRequest } from 'fastify';
import type { AuthError } from '../problems/auth-error.js';

/** The limit on all requests from one address. */
export interface RequestCounter {
  /** Counts a request. @returns nothing within the limit; beyond it the refusal, once that is recorded */
  check(request: FastifyRequest): Promise<AuthError> | undefined;
  /** Counts bytes that were no valid HTTP request. @returns the refusal beyond the limit */
  count(address: string | undefined): AuthError | undefined;
}
