import type { AuthError } from './auth-error.js';
import { type Language, messagesIn } from './language.js';

/** A problem details object (RFC 9457 §3) with the extension members of this service. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; code: string; detail: string }[];
}

const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** The problem details of an error, in a language. */
export function describeProblem(error: AuthError, requestId: string, language: Language): Problem {
  const { code, status } = error.kind;
  const messages = messagesIn(language);
  const problem: Problem = {
    type: `/docs/errors#${code}`,
    ...messages.problems[code],
    status,
    code,
    request_id: requestId,
  };
  if (error.faults.length > 0) {
    problem.errors = error.faults.map(({ pointer, code: fault, values = {} }) => ({
      pointer,
      code: fault,
      detail: messages.faults[fault].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name])),
    }));
  }
  return problem;
}

/** The response headers of an error: its own, the language and, with 401, the challenge (RFC 6750 §3). */
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
  return `Bearer realm="portero", error="${reason}", error_description="${description}"`;
}
