import { AuthError } from '../problems/auth-error.js';

/** The password does not meet the policy; the faults say why. */
export class PasswordRejected extends AuthError {
  static readonly code = 'password_rejected';
  static readonly status = 422;
}

/** RFC 9110 §15.6.4: too many passwords are being hashed; `Retry-After` is estimated from the queue. */
export class Busy extends AuthError {
  static readonly code = 'busy';
  static readonly status = 503;

  constructor({ cause, retryAfterSeconds = 1 }: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super({ cause, headers: { 'Retry-After': String(retryAfterSeconds) } });
  }
}

/** Re-authentication failed. */
export class WrongPassword extends AuthError {
  static readonly code = 'wrong_password';
  static readonly status = 403;
}
