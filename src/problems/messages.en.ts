interface ProblemText {
  title: string;
  detail: string;
}

/** Every problem by its code. `detail` must be printable ASCII: RFC 6750 puts it into a header. */
export const problems = {
  validation_failed: {
    title: 'The request is not valid',
    detail: 'One or more members of the body are missing, unknown or of the wrong form; "errors" names each.',
  },
  malformed_request: {
    title: 'The request could not be read',
    detail: 'The request is not well-formed HTTP with a JSON object as its body.',
  },
  not_found: { title: 'Not found', detail: 'There is nothing at this address.' },
  method_not_allowed: {
    title: 'Method not allowed',
    detail: 'This address does not answer to this method; the Allow header names those it answers to.',
  },
  request_timeout: { title: 'The request took too long', detail: 'The request did not arrive in full in time.' },
  precondition_failed: {
    title: 'A condition does not hold',
    detail: 'What is at this address does not meet a condition of the request, such as If-Match.',
  },
  body_too_large: { title: 'The body is too large', detail: 'A body may hold 32 KiB at the most.' },
  unsupported_media_type: {
    title: 'Unsupported media type',
    detail: 'Send the body as Content-Type: application/json, or as a form where the address takes one.',
  },
  range_not_satisfiable: {
    title: 'No such range',
    detail: 'None of the ranges in the Range header is part of what is at this address; Content-Range has its length.',
  },
  too_many_requests: {
    title: 'Too many requests',
    detail: 'There were too many requests of this kind; try again after the time in Retry-After.',
  },
  headers_too_large: { title: 'The headers are too large', detail: 'The request line and headers are too large.' },
  internal_error: {
    title: 'Something went wrong',
    detail: 'The server failed and has logged why; tell its operator the request_id.',
  },
  unavailable: {
    title: 'The service is not available now',
    detail: 'Something that the service needs can not be reached; try again after the time in Retry-After.',
  },
  registration_closed: { title: 'Registration is closed', detail: 'This service takes no registrations.' },
  username_taken: { title: 'The username is taken', detail: 'Somebody has registered this username.' },
  email_taken: { title: 'The email address is taken', detail: 'Somebody has registered this email address.' },
  password_rejected: {
    title: 'The password was rejected',
    detail: 'The password does not meet the rules for passwords; "errors" says why.',
  },
  busy: {
    title: 'The service is busy',
    detail: 'Too many passwords are being checked at the moment; try again after the time in Retry-After.',
  },
  too_many_attempts: {
    title: 'Too many attempts',
    detail:
      'There were too many attempts with this name; no password is checked before the time in Retry-After is over.',
  },
  wrong_password: { title: 'The password is wrong', detail: 'The password given is not the one of this user.' },
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
    detail: 'The access token has expired; get a new one with the refresh token.',
  },
  token_revoked: {
    title: 'The access token was revoked',
    detail: 'The session of this access token has ended; log in again.',
  },
  refresh_token_invalid: {
    title: 'The refresh token is not valid',
    detail: 'The refresh token is missing, malformed or not genuine.',
  },
  refresh_token_expired: {
    title: 'The refresh token has expired',
    detail: 'The refresh token has expired; log in again.',
  },
  refresh_token_reused: {
    title: 'The refresh token was used before',
    detail: 'The refresh token was used before, so its session has been ended; log in again.',
  },
  csrf_failed: {
    title: 'The request may come from another site',
    detail: 'Send the csrf_token of this session as X-CSRF-Token, from a page of this service or of a listed origin.',
  },
  session_invalid: {
    title: 'The session cookie is not valid',
    detail: 'The session cookie is not genuine, or there is more than one; log in again.',
  },
  session_expired: {
    title: 'The session has expired',
    detail: 'The session was idle for too long, or has reached its end; log in again.',
  },
  session_not_found: { title: 'No such session', detail: 'There is no session of this user with this id.' },
  invalid_client: {
    title: 'The client is not known',
    detail: 'Send the client_id and client_secret of a registered client by HTTP Basic.',
  },
  session_revoked: {
    title: 'The session has ended',
    detail: 'The session of this token or cookie has ended; log in again.',
  },
} as const satisfies Record<string, ProblemText>;

/** Every fault of a member by its code. `{name}` stands for a value of the fault. */
export const faults = {
  required: 'This member is required.',
  unknown_member: 'This member is not known here.',
  not_a_string: 'This must be a string.',
  not_an_object: 'The body must be a JSON object.',
  invalid_text: 'This must not hold NUL or a lone surrogate.',
  empty: 'This must not be empty.',
  transport_unknown: 'This must be "bearer" or "cookie".',
  two_tokens: 'The Authorization header carries another token. Send one token, or the same one twice.',
  keep_unknown: 'This must be "current".',
  event_type_unknown: 'There is no event of this type.',
  not_an_id: 'This must be an id.',
  limit_out_of_range: 'This must be a whole number from 1 to 100.',
  username_invalid:
    'A username has 1 to 64 characters, none of them a control character, no white space but single spaces inside, and @ only where it is the email too.',
  email_invalid: 'This is not an email address.',
  password_too_short: 'A password has {minimum} characters or more.',
  password_too_long: 'A password has {maximum} characters at the most.',
  password_common: 'This password is one of the most used, and so one of the first to be guessed.',
  password_contains_name: 'This password is the username or the email address, with little or nothing added.',
  password_contains_service_name: 'This password is the name of this service, with little or nothing added.',
  password_breached: 'This password is known from a data breach.',
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problems;
export type FaultCode = keyof typeof faults;
export interface Messages {
  problems: Record<ProblemCode, ProblemText>;
  faults: Record<FaultCode, string>;
}

export const en: Messages = { problems, faults };
