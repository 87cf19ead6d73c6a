import { AuthError } from '../problems/auth-error.js';

export class RegistrationClosed extends AuthError {
  static readonly code = 'registration_closed';
  static readonly status = 403;
}

/** One answer for an unknown user and for a wrong password, so that neither can be told from the other. */
export class InvalidCredentials extends AuthError {
  static readonly code = 'invalid_credentials';
  static readonly status = 401;
}
