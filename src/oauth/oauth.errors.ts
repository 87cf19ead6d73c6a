import { AuthError } from '../problems/auth-error.js';

/** RFC 6749 §5.2. */
export class InvalidClient extends AuthError {
  static readonly code = 'invalid_client';
  static readonly status = 401;
  static readonly scheme = 'Basic';
}
