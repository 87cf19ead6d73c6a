import type { FaultCode, ProblemCode } from './messages.en.js';

/** One fault of one member of a request body, told apart by a JSON Pointer (RFC 6901). */
export interface Fault {
  pointer: string;
  code: FaultCode;
  /** Values for the placeholders of the fault's text. They are shown to the caller. */
  values?: Record<string, string | number>;
}

export interface AuthErrorOptions {
  /** Shown: what is wrong with which member. */
  faults?: Fault[];
  /** False where no token was presented: then a challenge names no error (RFC 6750 §3.1). */
  tokenPresented?: boolean;
  /** Shown: response headers of this answer, such as `Allow`. */
  headers?: Record<string, string>;
  /** Logged, never shown. */
  cause?: unknown;
}

/** What each class of refusal states of itself. */
export interface AuthErrorClass {
  new (options?: AuthErrorOptions): AuthError;
  readonly code: ProblemCode;
  readonly status: number;
  /** RFC 6750 §3.1: set where a token was presented and refused. */
  readonly challenge?: 'invalid_token';
  /** What a 401 asks for; `Bearer` unless it says otherwise. */
  readonly scheme?: 'Basic';
}

/**
 * The base of every refusal that a caller gets. A subclass states its stable `code` and HTTP `status`;
 * the texts for people live in the message catalogues under that code.
 */
export abstract class AuthError extends Error {
  readonly faults: Fault[];
  readonly headers: Record<string, string>;
  readonly tokenPresented: boolean;

  constructor(options: AuthErrorOptions = {}) {
    super(undefined, { cause: options.cause });
    this.name = new.target.name;
    this.message = this.kind.code;
    this.faults = options.faults ?? [];
    this.headers = options.headers ?? {};
    this.tokenPresented = options.tokenPresented ?? true;
  }

  get kind(): AuthErrorClass {
    return this.constructor as unknown as AuthErrorClass;
  }
}
