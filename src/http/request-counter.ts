import type { FastifyRequest } from 'fastify';
import type { AuthError } from '../problems/auth-error.js';

/** The limit on all requests from one address. */
export interface RequestCounter {
  /** Counts a request. @returns undefined within the limit; otherwise the error, after recording it */
  check(request: FastifyRequest): Promise<AuthError> | undefined;
  /** Counts bytes that are not a valid HTTP request. @returns an error beyond the limit */
  count(address: string | undefined): AuthError | undefined;
}
