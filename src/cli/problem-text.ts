import type { AuthError } from '../problems/auth-error.js';
import { Unavailable } from '../problems/http.errors.js';
import { describeProblem } from '../problems/problem.js';

/** Replaces the server's text, which is about a field of a request. */
const REQUIRED = 'This is required (REGISTRATION_REQUIRES).';

/** An error as one line of English for the operator, with the faults of each value. */
export function problemText(error: AuthError): string {
  // Its own text hides the cause, because it is for clients.
  if (error instanceof Unavailable && error.cause instanceof Error) return error.cause.message;
  const { detail, errors = [] } = describeProblem(error, '', 'en');
  if (errors.length === 0) return detail;
  const names = [...new Set(errors.map(({ pointer }) => pointer))];
  const faultsOf = (name: string) =>
    errors
      .filter(({ pointer }) => pointer === name)
      .map(({ code, detail: text }) => (code === 'required' ? REQUIRED : text));
  return names.map((name) => `${name.slice(1)}: ${faultsOf(name).join(' ')}`).join(' ');
}
