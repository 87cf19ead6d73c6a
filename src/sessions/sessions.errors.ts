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

/** RFC 9700 §4.14.2: the token may have been stolen, so the session has ended. */
export class RefreshTokenReused extends AuthError {
  static readonly code = 'refresh_token_reused';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

export class SessionNotFound extends AuthError {
  static readonly code = 'session_not_found';
  static readonly status = 404;
}
