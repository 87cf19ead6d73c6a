import { AuthError } from '../problems/auth-error.js';

/** The code is wrong or was used before, or the passkey was not accepted. */
export class SecondFactorInvalid extends AuthError {
  static readonly code = 'second_factor_invalid';
  static readonly status = 401;
}

/** The user has an authenticator app already. */
export class TotpExists extends AuthError {
  static readonly code = 'totp_exists';
  static readonly status = 409;
}

/** Recovery codes replace a second factor, and the user has none. */
export class NoSecondFactor extends AuthError {
  static readonly code = 'no_second_factor';
  static readonly status = 409;
}
