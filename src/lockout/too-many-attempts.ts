import { AuthError } from '../problems/auth-error.js';

/**
 * The account is locked after too many wrong passwords in a row. No password is checked until the lockout ends. Unknown names
 * are locked in the same way.
 */
export class TooManyAttempts extends AuthError {
  static readonly code = 'too_many_attempts';
  static readonly status = 429;

  constructor({ cause, retryAfterSeconds = 1 }: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super({ cause, headers: { 'Retry-After': String(retryAfterSeconds) } });
  }
}
