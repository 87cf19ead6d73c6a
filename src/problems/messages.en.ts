interface ProblemText {
  title: string;
  detail: string;
}

/** Every problem by its code. `detail` must be printable ASCII, because it is sent in a header (RFC 6750). */
export const problems = {
  validation_failed: {
    title: 'The request is not valid',
    detail: 'One or more members of the body are missing, unknown or invalid. See "errors".',
  },
  malformed_request: {
    title: 'The request could not be read',
    detail: 'The request is not well-formed HTTP with a JSON object as its body.',
  },
  not_found: { title: 'Not found', detail: 'There is nothing at this URL.' },
  method_not_allowed: {
    title: 'Method not allowed',
    detail: 'This URL does not support the method. See the Allow header.',
  },
  request_timeout: { title: 'The request took too long', detail: 'The request did not arrive completely in time.' },
  precondition_failed: {
    title: 'Precondition failed',
    detail: 'The resource does not meet a condition of the request, such as If-Match.',
  },
  body_too_large: { title: 'The body is too large', detail: 'The body must not exceed 32 KiB.' },
  unsupported_media_type: {
    title: 'Unsupported media type',
    detail: 'Send the body as Content-Type: application/json, or as a form if the URL accepts one.',
  },
  range_not_satisfiable: {
    title: 'Range not satisfiable',
    detail: 'The resource has none of the ranges in the Range header. Content-Range contains its length.',
  },
  too_many_requests: {
    title: 'Too many requests',
    detail: 'There were too many requests of this kind. Try again after the time in Retry-After.',
  },
  headers_too_large: { title: 'The headers are too large', detail: 'The request line and headers are too large.' },
  internal_error: {
    title: 'Something went wrong',
    detail: 'The server failed and logged the error. Report the request_id to its operator.',
  },
  unavailable: {
    title: 'The service is unavailable',
    detail: 'The service cannot reach something that it needs. Try again after the time in Retry-After.',
  },
  registration_closed: { title: 'Registration is closed', detail: 'This service does not accept registrations.' },
  username_taken: { title: 'The username is taken', detail: 'An account with this username exists already.' },
  email_taken: { title: 'The email address is taken', detail: 'An account with this email address exists already.' },
  password_rejected: {
    title: 'The password was rejected',
    detail: 'The password does not meet the password policy. See "errors".',
  },
  busy: {
    title: 'The service is busy',
    detail: 'Too many passwords are being checked. Try again after the time in Retry-After.',
  },
  too_many_attempts: {
    title: 'Too many attempts',
    detail:
      'There were too many failed attempts with this name. No password is checked until the time in Retry-After has passed.',
  },
  wrong_password: { title: 'The password is wrong', detail: 'This is not the password of this user.' },
  invalid_credentials: {
    title: 'Wrong username, email or password',
    detail: 'There is no user with this name and password.',
  },
  token_missing: {
    title: 'No access token',
    detail: 'Send an access token as Authorization: Bearer <token>, or a session cookie.',
  },
  token_malformed: { title: 'The access token is not valid', detail: 'The access token is malformed or not genuine.' },
  token_expired: {
    title: 'The access token has expired',
    detail: 'The access token has expired. Get a new one with the refresh token.',
  },
  token_revoked: {
    title: 'The access token was revoked',
    detail: 'The session of this access token has ended. Log in again.',
  },
  refresh_token_invalid: {
    title: 'The refresh token is not valid',
    detail: 'The refresh token is missing, malformed or not genuine.',
  },
  refresh_token_expired: {
    title: 'The refresh token has expired',
    detail: 'The refresh token has expired. Log in again.',
  },
  refresh_token_reused: {
    title: 'The refresh token was used before',
    detail: 'The refresh token was used before, so its session was ended. Log in again.',
  },
  csrf_failed: {
    title: 'The request may come from another site',
    detail: 'Send the csrf_token of this session as X-CSRF-Token, from a page of this service or of an allowed origin.',
  },
  cookie_required: {
    title: 'A session cookie is required',
    detail:
      'Send the session cookie and no access token. A client with a refresh token gets new tokens from POST /auth/refresh.',
  },
  session_invalid: {
    title: 'The session cookie is not valid',
    detail: 'The session cookie is not genuine, or there is more than one. Log in again.',
  },
  session_expired: {
    title: 'The session has expired',
    detail: 'The session was idle for too long or has reached its maximum lifetime. Log in again.',
  },
  session_not_found: { title: 'Session not found', detail: 'This user has no session with this id.' },
  invalid_client: {
    title: 'Unknown client',
    detail: 'Send the client_id and client_secret of a registered client by HTTP Basic.',
  },
  session_revoked: {
    title: 'The session has ended',
    detail: 'The session of this token or cookie has ended. Log in again.',
  },
} as const satisfies Record<string, ProblemText>;

/** Every fault of a member by its code. `{name}` is replaced by a value of the fault. */
export const faults = {
  required: 'This member is required.',
  unknown_member: 'This member is unknown.',
  not_a_string: 'This must be a string.',
  not_an_object: 'The body must be a JSON object.',
  invalid_text: 'This must not contain NUL or a lone surrogate.',
  empty: 'This must not be empty.',
  transport_unknown: 'This must be "bearer" or "cookie".',
  two_tokens: 'The Authorization header carries another token. Send one token, or the same one twice.',
  keep_unknown: 'This must be "current".',
  event_type_unknown: 'This event type does not exist.',
  not_an_id: 'This must be an id.',
  limit_out_of_range: 'This must be a whole number from 1 to 100.',
  username_invalid:
    'A username has 1 to 64 characters, without control characters. Spaces must be single and inside; @ is allowed only if the username equals the email.',
  email_invalid: 'This is not an email address.',
  password_too_short: 'A password needs at least {minimum} characters.',
  password_too_long: 'A password may have at most {maximum} characters.',
  password_common: 'This password is very common and easy to guess.',
  password_contains_name: 'This password is the username or the email address, with little or nothing added.',
  password_contains_service_name: 'This password is the name of this service, with little or nothing added.',
  password_breached: 'This password appears in a known data breach.',
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problems;
export type FaultCode = keyof typeof faults;
export interface Messages {
  problems: Record<ProblemCode, ProblemText>;
  faults: Record<FaultCode, string>;
}

export const en: Messages = { problems, faults };
