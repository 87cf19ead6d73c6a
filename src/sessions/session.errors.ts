import { AuthError } from '../problems/auth-error.js';

/** A cookie that is none of ours, or several where there must be one. */
export class SessionInvalid extends AuthError {
  static readonly code = 'session_invalid';
  static readonly status = 401;
}

/** A cookie session that was idle for too long, or has reached its end. */
export class SessionExpired extends AuthError {
  static readonly code = 'session_expired';
  static readonly status = 401;
}

export class SessionRevoked extends AuthError {
  static readonly code = 'session_revoked';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

/** The request may have been made by another site in the user's name. */
export class CsrfFailed extends AuthError {
  static readonly code = 'csrf_failed';
  static readonly status = 403;
}
