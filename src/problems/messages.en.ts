interface ProblemText {
  title: string;
  detail: string;
}

/**
 * Every problem by its code. `detail` must be printable ASCII, because it is sent in a header (RFC 6750). The value of
 * Retry-After replaces `{seconds}`.
 */
export const problems = {
  validation_failed: {
    title: 'The request is not valid',
    detail: 'One or more fields are missing, unknown or invalid. See "errors".',
  },
  malformed_request: {
    title: 'The request could not be read',
    detail: 'The request must be well-formed HTTP/1.1, and its body a JSON object in UTF-8.',
  },
  not_found: { title: 'Not found', detail: 'There is nothing at this URL.' },
  method_not_allowed: {
    title: 'Method not allowed',
    detail: 'This URL does not support the method. See the Allow header.',
  },
  request_timeout: {
    title: 'The request took too long',
    detail: 'The request did not arrive completely in time. Send it again.',
  },
  precondition_failed: {
    title: 'Precondition failed',
    detail: 'The resource does not meet a condition of the request, such as If-Match.',
  },
  body_too_large: { title: 'The body is too large', detail: 'The body must not exceed 32 KiB.' },
  unsupported_media_type: {
    title: 'Unsupported media type',
    detail: 'Send the body as Content-Type: application/json.',
  },
  range_not_satisfiable: {
    title: 'Range not satisfiable',
    detail: 'The resource has none of the ranges in the Range header. See its length in Content-Range.',
  },
  too_many_requests: {
    title: 'Too many requests',
    detail: 'There were too many requests of this kind. Try again in {seconds} s.',
  },
  headers_too_large: {
    title: 'The headers are too large',
    detail: 'The request line and headers must not exceed 16 KiB and 100 header lines.',
  },
  internal_error: {
    title: 'Something went wrong',
    detail: 'The server failed and logged the error. Report the request_id to its operator.',
  },
  unavailable: {
    title: 'The service is unavailable',
    detail: 'The service cannot process the request at the moment. Try again in {seconds} s.',
  },
  code_invalid: {
    title: 'The code is not valid',
    detail: 'The code is wrong, or was used or replaced. Request a new one.',
  },
  code_expired: { title: 'The code has expired', detail: 'The code is too old. Request a new one.' },
  email_not_verified: {
    title: 'The address is not verified',
    detail: 'Open the mail that was sent to your address, and confirm it. Then log in again.',
  },
  second_factor_required: {
    title: 'A second factor is required',
    detail: 'The first step was right. Send mfa_token and a second factor to POST /auth/second-factor.',
  },
  enrolment_required: {
    title: 'A second factor must be set up',
    detail: 'This service requires a second factor. Send mfa_token to POST /auth/enrolment/totp to set one up.',
  },
  mfa_token_invalid: {
    title: 'The sign-in has to start again',
    detail: 'The mfa_token is unknown, was used or has expired, or there were too many wrong tries. Log in again.',
  },
  second_factor_invalid: {
    title: 'The second factor is wrong',
    detail: 'The code is wrong or was used before, or the passkey was not accepted.',
  },
  totp_exists: {
    title: 'An authenticator app is set up',
    detail: 'This user has an authenticator app already. Remove it first.',
  },
  no_second_factor: { title: 'There is no second factor', detail: 'Set up an authenticator app or a passkey first.' },
  passkey_invalid: {
    title: 'The passkey was not accepted',
    detail: 'The response of the passkey is not valid for this service, or its challenge was used or has expired.',
  },
  too_many_passkeys: { title: 'Too many passkeys', detail: 'A user can have 20 passkeys. Remove one first.' },
  insufficient_user_authentication: {
    title: 'A recent authentication is required',
    detail: 'Authenticate with POST /auth/step-up, then send the request again.',
  },
  registration_closed: {
    title: 'Registration is closed',
    detail: 'This service does not accept registrations. Ask its operator for an account.',
  },
  username_taken: {
    title: 'The username is taken',
    detail: 'An account with this username exists already. Choose another, or log in.',
  },
  email_taken: {
    title: 'The email address is taken',
    detail: 'An account with this email address exists already. Use another, or log in.',
  },
  password_rejected: {
    title: 'The password was rejected',
    detail: 'Choose another password. "errors" says why this one was rejected.',
  },
  busy: {
    title: 'The service is busy',
    detail: 'Too many passwords are being checked. Try again in {seconds} s.',
  },
  too_many_attempts: {
    title: 'Too many attempts',
    detail:
      'There were too many failed attempts with this name. Try again in {seconds} s; until then, no password is checked.',
  },
  wrong_password: { title: 'The password is wrong', detail: 'The current password is wrong.' },
  invalid_credentials: {
    title: 'Wrong username, email or password',
    detail: 'The username, the email address or the password is wrong.',
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
    detail: 'Send the csrf_token of this session as X-CSRF-Token. GET /auth/csrf returns it.',
  },
  cookie_required: {
    title: 'A session cookie is required',
    detail:
      'Send the session cookie without an access token. A client with a refresh token gets new tokens from POST /auth/refresh.',
  },
  session_invalid: {
    title: 'The session cookie is not valid',
    detail: 'The session cookie is not genuine, or the request has more than one. Log in again.',
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

/** More precise texts for `detail`, by the code of the problem. `{name}` is replaced by a value. */
export const details = {
  malformed_request: {
    json_bad_character: 'The body is not valid JSON: a character is not allowed at line {line}, column {column}.',
    json_bad_escape: 'The body is not valid JSON: there is an invalid escape at line {line}, column {column}.',
    json_bad_number: 'The body is not valid JSON: there is an invalid number at line {line}, column {column}.',
    json_bad_word:
      'The body is not valid JSON: there is an unknown word at line {line}, column {column}. Strings need double quotes.',
    json_name_expected:
      'The body is not valid JSON: a field name in double quotes is expected at line {line}, column {column}.',
    json_value_expected: 'The body is not valid JSON: a value is expected at line {line}, column {column}.',
    json_colon_expected: 'The body is not valid JSON: a colon is expected at line {line}, column {column}.',
    json_comma_expected:
      'The body is not valid JSON: a comma or a closing bracket is expected at line {line}, column {column}.',
    json_brace_expected: 'The body is not valid JSON: a closing brace is expected at line {line}, column {column}.',
    json_bracket_expected: 'The body is not valid JSON: a closing bracket is expected at line {line}, column {column}.',
    json_end_expected: 'The body is not valid JSON: there is text after its end at line {line}, column {column}.',
    json_comment: 'The body is not valid JSON: there is a comment at line {line}, column {column}.',
    json_string_unclosed: 'The body is not valid JSON: the string at line {line}, column {column} is not closed.',
    json_field_repeated: 'The body has the field {name} twice, the second time at line {line}, column {column}.',
    json_field_forbidden: 'The body has the field __proto__ at line {line}, column {column}. Remove it.',
    json_too_deep: 'The body is nested more than 32 levels deep.',
    not_utf8: 'The body is not valid UTF-8.',
    parameter_repeated: 'The form has the parameter {name} twice.',
  },
  unsupported_media_type: {
    form_expected: 'Send the body as Content-Type: application/x-www-form-urlencoded.',
    charset: 'Send the body in UTF-8, as Content-Type: application/json; charset=utf-8.',
  },
  csrf_failed: {
    foreign_origin:
      'The Origin or Sec-Fetch-Site header shows that the request comes from another origin. To allow that origin, the operator must add it to CORS_ORIGINS.',
  },
} as const satisfies Partial<Record<keyof typeof problems, Record<string, string>>>;

/** Every fault of a field by its code. `{name}` is replaced by a value of the fault. */
export const faults = {
  required: 'This field is required.',
  unknown_member: 'This field is unknown. Known fields: {known}.',
  not_a_string: 'Send a string.',
  not_an_object: 'Send a JSON object.',
  invalid_text: 'Remove the NUL characters and lone surrogates.',
  not_a_boolean: 'Send true or false.',
  empty: 'This field must not be empty.',
  not_a_credential: 'Send what toJSON() returns for the result of navigator.credentials.create() or get().',
  passkey_name_invalid: 'Use 1 to 64 characters, without control characters, repeated spaces or spaces at the ends.',
  transport_unknown: 'Send "bearer" or "cookie".',
  language_unknown: 'Send "en" or "es".',
  two_tokens: 'The Authorization header carries another token. Send one token, or the same one twice.',
  keep_unknown: 'Send "current".',
  event_type_unknown: 'This event type does not exist. GET /openapi.json lists them.',
  not_an_id: 'Send an id from an earlier response.',
  limit_out_of_range: 'Send a whole number from 1 to 100.',
  username_invalid:
    'Use 1 to 64 characters, without control characters, repeated spaces or spaces at the ends. Use @ only if the username is the email address.',
  email_invalid: 'Use an email address, such as name@example.com.',
  password_too_short: 'Use at least {minimum} characters.',
  password_too_long: 'Use at most {maximum} characters.',
  password_common: 'Do not use a password that is common and easy to guess.',
  password_contains_name: 'Do not use the username or the email address as the password.',
  password_contains_service_name: 'Do not use the name of this service as the password.',
  password_breached: 'Do not use this password: it appears in a known data breach.',
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problems;
export type FaultCode = keyof typeof faults;
type Details = typeof details;
/** The name of a more precise text, whatever the problem. */
export type DetailName = { [Code in keyof Details]: keyof Details[Code] }[keyof Details];
export interface Messages {
  problems: Record<ProblemCode, ProblemText>;
  details: { [Code in keyof Details]: Record<keyof Details[Code], string> };
  faults: Record<FaultCode, string>;
}

export const en: Messages = { problems, details, faults };
