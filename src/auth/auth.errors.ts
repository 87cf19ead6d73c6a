import { AuthError, type AuthErrorOptions } from '../problems/auth-error.js';
import { MFA_TOKEN_EXAMPLE } from './token-examples.js';

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

/** A sign-in that waits for another step. */
interface WaitingSignIn {
  mfaToken: string;
  /** The second factors that the next step accepts. */
  methods: readonly string[];
  expiresInSeconds: number;
}

abstract class SignInWaits extends AuthError {
  /** Without arguments, an example for the documentation. */
  constructor(waiting: AuthErrorOptions & Partial<WaitingSignIn> = {}) {
    const { mfaToken = MFA_TOKEN_EXAMPLE, methods = ['totp'], expiresInSeconds = 300 } = waiting;
    super({ members: { mfa_token: mfaToken, methods, expires_in: expiresInSeconds } });
  }
}

/** The first factor is right, and the user has a second one. */
export class SecondFactorRequired extends SignInWaits {
  static readonly code = 'second_factor_required';
  static readonly status = 403;
}

/** With `MFA=required`: the first factor is right, and the user has no second one. */
export class EnrolmentRequired extends SignInWaits {
  static readonly code = 'enrolment_required';
  static readonly status = 403;
}

/** The `mfa_token` is unknown, used, expired or worn out by wrong tries. The same error for all, so it reveals nothing. */
export class MfaTokenInvalid extends AuthError {
  static readonly code = 'mfa_token_invalid';
  static readonly status = 401;
}

interface Needed {
  /** The greatest age of the authentication. */
  maxAgeSeconds?: number;
  /** A method that it must include. */
  amr?: string | undefined;
}

/** RFC 9470: the route needs a more recent authentication, or one with a second factor. */
export class InsufficientAuthentication extends AuthError {
  static readonly code = 'insufficient_user_authentication';
  static readonly status = 401;
  static readonly challenge = 'insufficient_user_authentication';

  constructor({ maxAgeSeconds, amr }: AuthErrorOptions & Needed = { maxAgeSeconds: 300 }) {
    super({
      challengeParameters: {
        ...(maxAgeSeconds === undefined ? {} : { max_age: maxAgeSeconds }),
        ...(amr === undefined ? {} : { acr_values: amr }),
      },
    });
  }
}
