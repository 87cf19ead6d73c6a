import { AuthError } from './auth-error.js';

export class ValidationFailed extends AuthError {
  static readonly code = 'validation_failed';
  static readonly status = 400;
}

export class MalformedRequest extends AuthError {
  static readonly code = 'malformed_request';
  static readonly status = 400;
}

export class NotFound extends AuthError {
  static readonly code = 'not_found';
  static readonly status = 404;
}

/** RFC 9110 §15.5.6. The headers must contain `Allow`. */
export class MethodNotAllowed extends AuthError {
  static readonly code = 'method_not_allowed';
  static readonly status = 405;
}

export class RequestTimeout extends AuthError {
  static readonly code = 'request_timeout';
  static readonly status = 408;
}

/** RFC 9110 §15.5.13: a condition such as `If-Match` does not hold. */
export class PreconditionFailed extends AuthError {
  static readonly code = 'precondition_failed';
  static readonly status = 412;
}

export class BodyTooLarge extends AuthError {
  static readonly code = 'body_too_large';
  static readonly status = 413;
}

export class UnsupportedMediaType extends AuthError {
  static readonly code = 'unsupported_media_type';
  static readonly status = 415;
}

/** RFC 9110 §15.5.17. The headers must contain `Content-Range`. */
export class RangeNotSatisfiable extends AuthError {
  static readonly code = 'range_not_satisfiable';
  static readonly status = 416;
}

/** RFC 6585 §4: over a rate limit. `Retry-After` is in seconds. */
export class TooManyRequests extends AuthError {
  static readonly code = 'too_many_requests';
  static readonly status = 429;

  constructor({
    retryAfterSeconds = 1,
    headers = {},
  }: { retryAfterSeconds?: number; headers?: Record<string, string> } = {}) {
    super({ headers: { ...headers, 'Retry-After': String(retryAfterSeconds) } });
  }
}

/** RFC 6585 §5. */
export class HeadersTooLarge extends AuthError {
  static readonly code = 'headers_too_large';
  static readonly status = 431;
}

export class InternalError extends AuthError {
  static readonly code = 'internal_error';
  static readonly status = 500;
}

/** A dependency is not available; clients should retry. */
export class Unavailable extends AuthError {
  static readonly code = 'unavailable';
  static readonly status = 503;

  constructor(options: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super({ cause: options.cause, headers: { 'Retry-After': String(options.retryAfterSeconds ?? 1) } });
  }
}
