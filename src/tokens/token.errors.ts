import { AuthError } from '../problems/auth-error.js';

/** The request has no access token. The challenge then contains no error (RFC 6750 §3.1). */
export class TokenMissing extends AuthError {
  static readonly code = 'token_missing';
  static readonly status = 401;
}

/** The form, signature, key, type, issuer or audience of the access token is wrong. */
export class TokenMalformed extends AuthError {
  static readonly code = 'token_malformed';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

export class TokenExpired extends AuthError {
  static readonly code = 'token_expired';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}

export class TokenRevoked extends AuthError {
  static readonly code = 'token_revoked';
  static readonly status = 401;
  static readonly challenge = 'invalid_token';
}
