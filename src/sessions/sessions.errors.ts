import { AuthError } from '../problems/auth-error.js';

export class RefreshTokenInvalid extends AuthError {
  static readonly code = 'refresh_token_invalid';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

export class RefreshTokenExpired extends AuthError {
  static readonly code = 'refresh_token_expired';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

/** RFC 9700 §4.14.2: somebody else may have the token, so the session is over. */
export class RefreshTokenReused extends AuthError {
  static readonly code = 'refresh_token_reused';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

export class SessionRevoked extends AuthError {
  static readonly code = 'session_revoked';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

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

export class SessionNotFound extends AuthError {
  static readonly code = 'session_not_found';
  static readonly status = 404;
}
