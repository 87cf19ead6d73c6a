import { AuthError } from '../problems/auth-error.js';

export class RegistrationClosed extends AuthError {
  static readonly code = 'registration_closed';
  static readonly status = 403;
}

/** The same error for an unknown user and for a wrong password, so that it does not reveal which users exist. */
export class InvalidCredentials extends AuthError {
  static readonly code = 'invalid_credentials';
  static readonly status = 401;
}

/** The route is for session cookies only. */
export class CookieRequired extends AuthError {
  static readonly code = 'cookie_required';
  static readonly status = 403;
}

/** With `REQUIRE_VERIFIED_EMAIL=on`. Only after the right password. */
export class EmailNotVerified extends AuthError {
  static readonly code = 'email_not_verified';
  static readonly status = 403;
}
