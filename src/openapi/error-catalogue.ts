import {
  CookieRequired,
  EmailNotVerified,
  EnrolmentRequired,
  InsufficientAuthentication,
  InvalidCredentials,
  MfaTokenInvalid,
  RegistrationClosed,
  SecondFactorRequired,
} from '../auth/auth.errors.js';
import { CodeExpired, CodeInvalid } from '../codes/codes.errors.js';
import { TooManyAttempts } from '../lockout/too-many-attempts.js';
import { InvalidClient } from '../oauth/oauth.errors.js';
import { NewPasskeyInvalid, PasskeyInvalid, TooManyPasskeys } from '../passkeys/passkeys.errors.js';
import { Busy, PasswordRejected, WrongPassword } from '../passwords/passwords.errors.js';
import type { AuthErrorClass } from '../problems/auth-error.js';
import * as http from '../problems/http.errors.js';
import { type Language, messagesIn } from '../problems/language.js';
import type { FaultCode } from '../problems/messages.en.js';
import { fill } from '../problems/problem.js';
import { NoSecondFactor, SecondFactorInvalid, TotpExists } from '../second-factors/second-factors.errors.js';
import { CsrfFailed, SessionExpired, SessionInvalid, SessionRevoked } from '../sessions/session.errors.js';
import {
  RefreshTokenExpired,
  RefreshTokenInvalid,
  RefreshTokenReused,
  SessionNotFound,
} from '../sessions/sessions.errors.js';
import { TokenExpired, TokenMalformed, TokenMissing, TokenRevoked } from '../tokens/token.errors.js';
import { EmailTaken, UsernameTaken } from '../users/users.errors.js';
import { guideEn } from './error-guide.en.js';
import { guideEs } from './error-guide.es.js';
import type { ErrorGroup, ErrorGuide } from './error-guide.js';

/** Every error by the situation in which it occurs, in the order of /docs/errors and docs/errors.md. */
const GROUPS: Record<ErrorGroup, readonly AuthErrorClass[]> = {
  any: [
    http.MalformedRequest,
    http.ValidationFailed,
    http.NotFound,
    http.MethodNotAllowed,
    http.RequestTimeout,
    http.PreconditionFailed,
    http.BodyTooLarge,
    http.UnsupportedMediaType,
    http.RangeNotSatisfiable,
    http.TooManyRequests,
    http.HeadersTooLarge,
    http.InternalError,
    http.Unavailable,
  ],
  registering: [RegistrationClosed, UsernameTaken, EmailTaken, PasswordRejected],
  login: [InvalidCredentials, WrongPassword, TooManyAttempts, EmailNotVerified, Busy],
  codes: [CodeInvalid, CodeExpired],
  secondFactors: [
    SecondFactorRequired,
    EnrolmentRequired,
    MfaTokenInvalid,
    SecondFactorInvalid,
    InsufficientAuthentication,
    TotpExists,
    NoSecondFactor,
    PasskeyInvalid,
    NewPasskeyInvalid,
    TooManyPasskeys,
  ],
  accessToken: [TokenMissing, TokenMalformed, TokenExpired, TokenRevoked],
  refreshToken: [RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenReused, SessionRevoked],
  cookie: [CsrfFailed, CookieRequired, SessionInvalid, SessionExpired, SessionNotFound],
  services: [InvalidClient],
};

const GUIDES: Record<Language, ErrorGuide> = { en: guideEn, es: guideEs };

/** Values for the placeholders of the texts, so that readers see them as users do. */
const EXAMPLES = {
  seconds: 30,
  line: 1,
  column: 19,
  name: 'username',
  minimum: 8,
  maximum: 256,
  known: 'username, email, password',
};

/** Every text that `detail` may have for a problem. The first one is the usual one. */
export function detailsOf(code: AuthErrorClass['code'], language: Language): string[] {
  const { problems, details } = messagesIn(language);
  const precise: Record<string, Record<string, string> | undefined> = details;
  return [problems[code].detail, ...Object.values(precise[code] ?? {})].map((text) => fill(text, EXAMPLES));
}

export function faultDetail(code: FaultCode, language: Language): string {
  return fill(messagesIn(language).faults[code], EXAMPLES);
}

export function errorGuideIn(language: Language): ErrorGuide {
  return GUIDES[language];
}

/** The errors with one code. Their statuses differ if the code says the same of several requests. */
export interface DocumentedError {
  code: AuthErrorClass['code'];
  statuses: number[];
}

export function errorGroups(): [ErrorGroup, DocumentedError[]][] {
  const groups = Object.entries(GROUPS) as [ErrorGroup, readonly AuthErrorClass[]][];
  return groups.map(([group, kinds]) => {
    const codes = [...new Set(kinds.map(({ code }) => code))];
    const statusesOf = (code: string) => kinds.filter((kind) => kind.code === code).map(({ status }) => status);
    return [group, codes.map((code) => ({ code, statuses: statusesOf(code).sort() }))];
  });
}
