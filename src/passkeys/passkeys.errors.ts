import { AuthError } from '../problems/auth-error.js';

/** A passkey was not accepted at a sign-in. */
export class PasskeyInvalid extends AuthError {
  static readonly code = 'passkey_invalid';
  static readonly status = 401;
}

/** A new passkey was not accepted. */
export class NewPasskeyInvalid extends AuthError {
  static readonly code = 'passkey_invalid';
  static readonly status = 400;
}

export class TooManyPasskeys extends AuthError {
  static readonly code = 'too_many_passkeys';
  static readonly status = 409;
}
