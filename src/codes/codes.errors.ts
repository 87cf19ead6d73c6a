import { AuthError } from '../problems/auth-error.js';

/** The code is wrong, or was used, replaced or guessed too often. The same error for all, so it reveals nothing. */
export class CodeInvalid extends AuthError {
  static readonly code = 'code_invalid';
  static readonly status = 400;
}

/** The code was right, but came too late. */
export class CodeExpired extends AuthError {
  static readonly code = 'code_expired';
  static readonly status = 410;
}
