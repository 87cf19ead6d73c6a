import { AuthError } from '../problems/auth-error.js';

export class UsernameTaken extends AuthError {
  static readonly code = 'username_taken';
  static readonly status = 409;
}

export class EmailTaken extends AuthError {
  static readonly code = 'email_taken';
  static readonly status = 409;
}
