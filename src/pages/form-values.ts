import type { Fault } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { pointer } from '../problems/validation.js';
import type { PageRequest } from './page-routes.js';
import type { FieldName } from './page-texts.en.js';

export type FormValues = Partial<Record<FieldName, string>>;

/** The token of a form or, if the page is only shown, of the link. */
export function tokenOf({ body, query }: Pick<PageRequest, 'body' | 'query'>): string | undefined {
  const token = body === undefined || body === null ? query.token : body.token;
  return typeof token === 'string' && token !== '' ? token : undefined;
}

/**
 * The values of a form, without spaces around them, except in a password. Unknown fields are ignored.
 *
 * @throws ValidationFailed with the fields that are empty or have a NUL character
 */
export function formValues<const Name extends FieldName>(
  { body }: PageRequest,
  names: readonly Name[],
): Record<Name, string> {
  const values = {} as Record<Name, string>;
  const faults: Fault[] = [];
  for (const name of names) {
    const typed = body?.[name] ?? '';
    values[name] = name === 'new_password' ? typed : typed.trim();
    if (values[name] === '') faults.push({ pointer: pointer(name), code: 'required' });
    else if (typed.includes('\0')) faults.push({ pointer: pointer(name), code: 'invalid_text' });
  }
  if (faults.length > 0) throw new ValidationFailed({ faults });
  return values;
}
