import type { ErrorGuide } from './error-guide.js';

export const guideEn: ErrorGuide = {
  page: {
    title: 'Errors',
    pages: 'Pages',
    intro:
      'Every error is a problem details object (RFC 9457, `application/problem+json`). Use `code` in programs: it is stable. `title` and `detail` are for people, in English or, if `Accept-Language` prefers it, in Spanish. To report an error, send its `request_id` to the operator.',
    when: 'When',
    action: 'What to do',
    others: 'More precise messages',
    language: 'En español',
  },
  groups: {
    any: { title: 'Any request' },
    registering: { title: 'Registering' },
    login: { title: 'Logging in' },
    codes: { title: 'Codes from mails' },
    secondFactors: { title: 'Second factors and passkeys' },
    accessToken: {
      title: 'Access tokens',
      intro: 'From every route that requires one; `token_missing` and `token_malformed` also from `POST /auth/logout`.',
    },
    refreshToken: {
      title: 'Refresh tokens',
      intro: 'From `POST /auth/refresh`; `refresh_token_invalid` also from `POST /auth/logout`.',
    },
    cookie: {
      title: 'Cookie sessions',
      intro:
        'From every route that accepts a session cookie, if the request has one and no access token; see [sessions.md](sessions.md). If the session of the cookie has ended, the error is `session_revoked`.',
    },
    services: { title: 'Services', intro: 'From `POST /oauth/introspect` and `POST /oauth/revoke`.' },
    faults: {
      title: 'Field errors',
      intro:
        'These are the codes in `errors[]`. Those that begin with `password_` come with `password_rejected`, the others with `validation_failed`.',
    },
  },
  problems: {
    malformed_request: {
      when: 'The body is not JSON in UTF-8, contains a field twice or one named `__proto__`, or is nested deeper than 32 levels. Or a form contains a parameter twice. Or the URL is not correctly encoded. Or the HTTP request is malformed or ambiguous (no `Host` or two; two `Authorization` or `Content-Type`).',
      action: 'Correct the request.',
    },
    validation_failed: {
      when: 'Fields of the body or parameters of the URL are missing, unknown or invalid.',
      action: 'Read `errors` and correct those fields.',
    },
    not_found: {
      when: 'Nothing exists at this URL. Paths are case-sensitive, and a trailing slash matters.',
      action: 'Correct the path.',
    },
    method_not_allowed: { when: 'The URL does not support the method.', action: 'Use a method in `Allow`.' },
    request_timeout: {
      when: 'The headers took longer than 10 s or the complete request longer than 30 s.',
      action: 'Send it again over a better connection.',
    },
    precondition_failed: {
      when: 'A file of Swagger UI does not meet `If-Match` or `If-Unmodified-Since`.',
      action: 'Omit the condition, or fetch the file again.',
    },
    body_too_large: { when: 'The body is larger than 32 KiB.', action: 'Send a smaller one.' },
    unsupported_media_type: {
      when: 'The body has a content type other than `application/json` (for `/oauth/…`, `application/x-www-form-urlencoded`), or a charset other than UTF-8.',
      action: 'Send `Content-Type: application/json`.',
    },
    range_not_satisfiable: {
      when: '`Range` is outside a file of Swagger UI.',
      action: 'Ask for a range within the length in `Content-Range`.',
    },
    too_many_requests: {
      when: 'One of the [rate limits](rate-limits.md) is used up; `RateLimit-Policy` names it.',
      action: 'Try again after the seconds in `Retry-After`.',
    },
    headers_too_large: {
      when: 'The request line and headers are larger than 16 KiB, or there are more than 100 header lines.',
      action: 'Send fewer or shorter headers.',
    },
    internal_error: { when: 'The server failed.', action: 'Report the `request_id` to the operator.' },
    unavailable: {
      when: 'The database cannot be reached or takes too long. Or a new password cannot be checked for breaches, and `PASSWORD_BREACH_ON_ERROR` is `refuse`.',
      action: 'Try again after the seconds in `Retry-After`.',
    },
    registration_closed: {
      when: 'The service does not accept registrations (`REGISTRATION=closed`).',
      action: 'Ask the operator for an account.',
    },
    username_taken: {
      when: 'Another account has the username, perhaps in other letter case or another Unicode form.',
      action: 'Choose another, or log in.',
    },
    email_taken: {
      when: 'Another account has the email address, perhaps in other letter case or another Unicode form.',
      action: 'Use another, or log in.',
    },
    password_rejected: {
      when: 'The password does not meet the password policy; `errors` contains the reason.',
      action: 'Choose another.',
    },
    wrong_password: {
      when: 'The current password, which this request requires, is wrong.',
      action: 'Ask the user again.',
    },
    too_many_attempts: {
      when: 'There were too many consecutive wrong passwords for this name, from any client. Until the wait is over, only passwords from known devices, which send a cookie, are checked. Unknown names get the same response.',
      action: 'Try again after the seconds in `Retry-After`.',
    },
    busy: {
      when: 'Too many passwords are waiting to be checked.',
      action: 'Try again after the seconds in `Retry-After`.',
    },
    invalid_credentials: {
      when: 'No user has this name and this password. The response is the same for an unknown name and a wrong password.',
      action: 'Ask the user again.',
    },
    email_not_verified: {
      when: 'The password is right, but the service requires a verified address (`REQUIRE_VERIFIED_EMAIL`). A new mail is sent, at most once a minute.',
      action: 'Ask the user to open the mail and confirm the address.',
    },
    second_factor_required: {
      when: 'The first factor is right, and the user has a second one. `mfa_token` works once, for 5 minutes and 5 tries; `methods` lists the factors.',
      action: 'Ask for a factor of `methods`, and send it with `mfa_token` to `POST /auth/second-factor`.',
    },
    enrolment_required: {
      when: 'The first factor is right, the service requires a second one (`MFA=required`), and the user has none. `mfa_token` works for 5 minutes, and only to set one up.',
      action: 'Let the user set up an authenticator app or a passkey with `POST /auth/enrolment/…`.',
    },
    mfa_token_invalid: {
      when: 'The `mfa_token` is unknown, was used, has expired or had five wrong tries, or the credentials of the user have changed since.',
      action: 'Start again with the login.',
    },
    second_factor_invalid: {
      when: 'The code is wrong, was used before or is too old, the recovery code does not exist, or the passkey was not accepted.',
      action: 'Ask the user again. A code of an authenticator app works once: wait for the next one.',
    },
    totp_exists: {
      when: 'The user has an authenticator app.',
      action: 'Remove it with `DELETE /users/me/totp` first.',
    },
    no_second_factor: {
      when: 'Recovery codes replace a second factor, and the user has none.',
      action: 'Set up an authenticator app or a passkey first.',
    },
    passkey_invalid: {
      when: 'The response of the authenticator is malformed or not genuine, belongs to another origin or RP ID, lacks user verification, or its challenge is not from this service, was used or has expired. Status 400 when a passkey is added, 401 when it is used.',
      action:
        'Request new options and try again. If the error persists, check `WEBAUTHN_RP_ID` and `WEBAUTHN_ORIGINS`.',
    },
    too_many_passkeys: { when: 'The user has 20 passkeys.', action: 'Ask the user to remove one.' },
    insufficient_user_authentication: {
      when: 'The route needs an authentication within `max_age` seconds, or with the method in `acr_values` (RFC 9470); the challenge says which. `acr_values="mfa"` means that `amr` must contain `mfa`.',
      action: 'Authenticate with `POST /auth/step-up`, then send the request again with the new token or cookie.',
    },
    code_invalid: {
      when: 'The token or code from a mail is wrong, was used, or was replaced by a newer mail. After five wrong codes, the right one is refused too.',
      action: 'Request a new mail.',
    },
    code_expired: {
      when: 'The token or code was right, but came too late: after 10 minutes for a new password or a login, 24 hours for an address, 72 hours to undo a change.',
      action: 'Request a new mail.',
    },
    token_missing: {
      when: 'The request has neither `Authorization: Bearer …` nor a session cookie.',
      action: 'Send one of them, or log in.',
    },
    token_malformed: {
      when: 'The token is not a genuine access token of this service: its format, signature, key, algorithm, type, issuer or audience is wrong. A refresh token sent as an access token gets this error too.',
      action: 'Log in. If the error persists, check whether `PUBLIC_URL` or `JWT_AUDIENCE` has changed.',
    },
    token_expired: { when: 'The token has expired.', action: 'Refresh, then send the request again.' },
    token_revoked: {
      when: 'The session of the token has ended, for example by a logout or because a refresh token was reused.',
      action: 'Log in.',
    },
    refresh_token_invalid: {
      when: 'The token is missing or is not a genuine refresh token of this service.',
      action: 'Log in.',
    },
    refresh_token_expired: { when: 'The token or its session has expired.', action: 'Log in.' },
    refresh_token_reused: {
      when: 'The token was already used, longer ago than `REFRESH_GRACE`. It may have been stolen, so the session was ended.',
      action: 'Log in. If this happens often, look for two parts of the client that refresh independently.',
    },
    session_revoked: {
      when: 'The session has ended: its user logged out, its user or an operator ended it, the password was changed, the user had too many sessions, or a refresh token was reused.',
      action: 'Log in.',
    },
    csrf_failed: {
      when: 'A request with a session cookie and a method other than `GET`, `HEAD` or `OPTIONS` had no `X-CSRF-Token` of this session, or came from a page of another site. A login with `transport: cookie` from a page of another site gets this error too.',
      action:
        'Get the token of this session from `GET /auth/csrf`, and send it from a page of this service or of an origin in `CORS_ORIGINS`.',
    },
    cookie_required: {
      when: 'From `POST /auth/token`, and from `POST /auth/step-up` in a cookie session: the request has an access token instead of the session cookie.',
      action: 'Send the cookie. With a refresh token, use `POST /auth/refresh`.',
    },
    session_invalid: {
      when: 'The cookie is not a genuine session cookie of this service, or the request has more than one.',
      action: 'Log in.',
    },
    session_expired: {
      when: 'The session was not used for `SESSION_IDLE_TTL`, or has reached `SESSION_TTL`.',
      action: 'Log in.',
    },
    session_not_found: {
      when: 'From `DELETE /auth/sessions/{id}`: the user has no session with this id. It may belong to another user, or have ended more than a day ago.',
      action: 'Read `GET /auth/sessions`.',
    },
    invalid_client: {
      when: 'The request has no HTTP Basic authentication, or its client is unknown, has another secret or was revoked.',
      action:
        'Send the `client_id` and `client_secret` that `portero clients create` printed; see [operations.md](operations.md#registered-services).',
    },
  },
  faults: {
    required: 'The field is missing.',
    unknown_member: 'The field is unknown.',
    not_a_string: 'The field is `null`, a number or anything else that is not a string.',
    not_an_object: 'The body is not a JSON object. The pointer is then empty.',
    invalid_text: 'The string contains NUL or a lone surrogate.',
    not_a_boolean: 'The field is neither `true` nor `false`.',
    empty: 'The string is empty.',
    not_a_credential:
      '`credential` or `passkey` is not the JSON form of a `PublicKeyCredential`, or its base64url is malformed.',
    passkey_name_invalid: 'The name of a passkey is too long or contains characters that it must not.',
    transport_unknown: '`transport` is neither `bearer` nor `cookie`.',
    language_unknown: '`language` is neither `en` nor `es`.',
    two_tokens:
      'A request to `POST /auth/refresh` has one token in the body and another in the `Authorization` header.',
    keep_unknown: 'The parameter `keep` of `DELETE /auth/sessions` is not `current`.',
    event_type_unknown: 'There is no [event](audit.md) of this type.',
    not_an_id: 'The value is not an id (a UUID).',
    limit_out_of_range: 'The value is not a whole number from 1 to 100.',
    username_invalid:
      'The username does not have 1 to 64 characters, or contains control characters, repeated spaces, spaces at the ends or other white space. Or it contains `@` and differs from the email address in the request.',
    email_invalid: 'The value is not an email address.',
    password_too_short: 'The password has fewer characters than `PASSWORD_MIN_LENGTH`.',
    password_too_long: 'The password has more than 256 characters.',
    password_common:
      'The password is in the [list of common passwords](configuration.md#password-policy), in any letter case.',
    password_contains_name:
      "The password is the user's own username, email address or the part of it before the `@`, surrounded only by digits, punctuation and spaces. Names of fewer than 4 characters count only if they are the whole password.",
    password_contains_service_name:
      'The password is `portero` or the first label of the host of `PUBLIC_URL`, by the same rule as for names of the user.',
    password_breached: 'The password appears in a known data breach (`PASSWORD_BREACH_CHECK`).',
  },
};
