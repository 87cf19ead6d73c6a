import { AuthError } from '../problems/auth-error.js';

/** The session cookie is not genuine, or there are several. */
export class SessionInvalid extends AuthError {
  static readonly code = 'session_invalid';
  static readonly status = 401;
}

/** The cookie session has passed its idle timeout or its absolute lifetime. */
export class SessionExpired extends AuthError {
  static readonly code = 'session_expired';
  static readonly status = 401;
}

export class SessionRevoked extends AuthError {
  static readonly code = 'session_revoked';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

/** The request may be forged by another site. */
export class CsrfFailed extends AuthError {
  static readonly code = 'csrf_failed';
  static readonly status = 403;
}
