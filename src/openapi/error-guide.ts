import type { FaultCode, ProblemCode } from '../problems/messages.en.js';

/** The situations in which errors occur. */
export type ErrorGroup =
  | 'any'
  | 'registering'
  | 'login'
  | 'codes'
  | 'secondFactors'
  | 'accessToken'
  | 'refreshToken'
  | 'cookie'
  | 'services';

/**
 * The texts of /docs/errors and docs/errors.md, except for the messages that clients get. They may contain Markdown: code, and
 * links relative to docs/.
 */
export interface ErrorGuide {
  page: Record<'title' | 'pages' | 'intro' | 'when' | 'action' | 'others' | 'language', string>;
  groups: Record<ErrorGroup | 'faults', { title: string; intro?: string }>;
  problems: Record<ProblemCode, { when: string; action: string }>;
  faults: Record<FaultCode, string>;
}
