import { AuthError } from '../problems/auth-error.js';

/** No access token where one is due. RFC 6750 §3.1: then the challenge names no error. */
export class TokenMissing extends AuthError {
  static readonly code = 'token_missing';
  static readonly status = 401;
}

/** Not a genuine access token of this service: its form, signature, key, type, issuer or audience. */
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
