import type { AuthError, AuthErrorClass } from './auth-error.js';
import { type Language, messagesIn } from './language.js';
import type { Messages } from './messages.en.js';

/** A problem details object (RFC 9457 §3) with the extension members of this service. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; code: string; detail: string }[];
  /** The extension members of one kind of problem. */
  [member: string]: unknown;
}

const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** The problem details of an error, in a language. */
export function describeProblem(error: AuthError, requestId: string, language: Language): Problem {
  const { code, status } = error.kind;
  const messages = messagesIn(language);
  const problem: Problem = {
    type: `/docs/errors#${code}`,
    title: messages.problems[code].title,
    detail: detailOf(error, messages),
    status,
    code,
    request_id: requestId,
    ...error.members,
  };
  if (error.faults.length > 0) {
    problem.errors = error.faults.map(({ pointer, code: fault, values = {} }) => ({
      pointer,
      code: fault,
      detail: fill(messages.faults[fault], values),
    }));
  }
  return problem;
}

function detailOf({ kind, detail, headers }: AuthError, messages: Messages): string {
  const precise = (messages.details as Record<string, Record<string, string> | undefined>)[kind.code];
  const text = (detail && precise?.[detail.name]) ?? messages.problems[kind.code].detail;
  return fill(text, { seconds: headers['Retry-After'] ?? '', ...detail?.values });
}

/** Replaces the placeholders of a text, such as `{seconds}`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/**
 * The `error` of RFC 6749 §5.2, which OAuth clients read. §5.2 has no code for a failing server; those of §4.1.2.1 are used, as
 * other servers do.
 */
export function oauthErrorCode({ status, code }: AuthErrorClass): string {
  if (code === 'invalid_client') return code;
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status < 500 ? 'invalid_request' : 'server_error';
}

/** The response headers of an error: its own, the language and, with 401, the challenge (RFC 6750 §3, RFC 9470 §3). */
export function problemHeaders(error: AuthError, language: Language): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': PROBLEM_MEDIA_TYPE,
    'Content-Language': language,
    'Cache-Control': 'no-store',
    Vary: 'Accept-Language',
    ...error.headers,
  };
  if (error.kind.status === 401) headers['WWW-Authenticate'] = challenge(error);
  return headers;
}

function challenge(error: AuthError): string {
  const { code, challenge: reason, scheme } = error.kind;
  if (scheme === 'Basic') return 'Basic realm="portero", charset="UTF-8"';
  if (reason === undefined || !error.tokenPresented) return 'Bearer realm="portero"';
  // In English, because RFC 6750 §3 allows only printable ASCII.
  const description = messagesIn('en').problems[code].detail;
  const parameters = Object.entries(error.challengeParameters).map(([name, value]) => `, ${name}="${value}"`);
  return `Bearer realm="portero", error="${reason}", error_description="${description}"${parameters.join('')}`;
}
