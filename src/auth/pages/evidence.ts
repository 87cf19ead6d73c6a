import type { CodeEvidence } from '../../codes/code.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { formValues, tokenOf } from '../../pages/form-values.js';
import type { PageRequest } from '../../pages/page-routes.js';

/** The token of a form, or the address and the code that were typed. @throws ValidationFailed if one of these is missing */
export function evidenceIn(request: PageRequest): CodeEvidence {
  const token = tokenOf(request);
  return token === undefined ? formValues(request, ['email', 'code']) : { token };
}

/** The token of a form that can't be sent without one. @throws CodeInvalid */
export function tokenIn(request: PageRequest): string {
  const token = tokenOf(request);
  if (token === undefined) throw new CodeInvalid();
  return token;
}
