import type { DetailName, FaultCode, ProblemCode } from './messages.en.js';

/** One invalid member of a request. */
export interface Fault {
  /** A JSON Pointer (RFC 6901) to the member. */
  pointer: string;
  code: FaultCode;
  /** Values for the placeholders of the text. Sent to the client. */
  values?: Record<string, string | number>;
}

export interface AuthErrorOptions {
  /** Replaces the text of `detail` with a more precise one of the same problem. `values` are sent to the client. */
  detail?: { name: DetailName; values?: Record<string, string | number> } | undefined;
  /** Sent to the client: the invalid members. */
  faults?: Fault[];
  /** Sent to the client: further members of the problem details (RFC 9457 §3.2). */
  members?: Record<string, unknown>;
  /** Parameters of the challenge, after the error and its description. */
  challengeParameters?: Record<string, string | number>;
  /** If false, the request had no token, so the challenge contains no error (RFC 6750 §3.1). */
  tokenPresented?: boolean;
  /** Sent to the client: response headers, such as `Allow`. */
  headers?: Record<string, string>;
  /** Logged, and never sent to the client. */
  cause?: unknown;
}

/** The static members of each error class. */
export interface AuthErrorClass {
  new (options?: AuthErrorOptions): AuthError;
  readonly code: ProblemCode;
  readonly status: number;
  /** The error in the challenge: RFC 6750 §3.1 after an invalid token, RFC 9470 §3 if the authentication is not sufficient. */
  readonly challenge?: 'invalid_token' | 'insufficient_user_authentication';
  /** The authentication scheme in the challenge of a 401; `Bearer` by default. */
  readonly scheme?: 'Basic';
}

/**
 * The base class of all errors that are sent to clients. Subclasses define a stable `code` and the HTTP `status`. The
 * message catalogs contain the texts for each code.
 */
export abstract class AuthError extends Error {
  readonly detail: AuthErrorOptions['detail'];
  readonly faults: Fault[];
  readonly headers: Record<string, string>;
  readonly members: Record<string, unknown>;
  readonly challengeParameters: Record<string, string | number>;
  readonly tokenPresented: boolean;

  constructor(options: AuthErrorOptions = {}) {
    super(undefined, { cause: options.cause });
    this.name = new.target.name;
    this.message = this.kind.code;
    this.detail = options.detail;
    this.faults = options.faults ?? [];
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
    this.challengeParameters = options.challengeParameters ?? {};
    this.tokenPresented = options.tokenPresented ?? true;
  }

  get kind(): AuthErrorClass {
    return this.constructor as unknown as AuthErrorClass;
  }
}
