import { AuthError } from '../problems/auth-error.js';

/**
 * Too many wrong passwords in a row, whoever gave them: none is checked until the wait is over. The same for a name
 * that is nobody's.
 */
export class TooManyAttempts extends AuthError {
  static readonly code = 'too_many_attempts';
  static readonly status = 429;

  constructor({ cause, retryAfterSeconds = 1 }: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super({ cause, headers: { 'Retry-After': String(retryAfterSeconds) } });
  }
}
