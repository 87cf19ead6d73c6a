import { AuthError } from '../problems/auth-error.js';

/** The password may not be used; the faults say why. */
export class PasswordRejected extends AuthError {
  static readonly code = 'password_rejected';
  static readonly status = 422;
}
