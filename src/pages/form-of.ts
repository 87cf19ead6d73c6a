import type { Config } from '../config/config.js';
import { fill } from '../problems/problem.js';
import type { FormValues } from './form-values.js';
import type { FieldName, PageName, PageTexts } from './page-texts.en.js';
import type { Field } from './page-view.js';

/** The fields of each page if the link has a token, and if it has none. Without the second, the page needs a token. */
export const FIELDS: Readonly<Record<PageName, { token: readonly FieldName[]; code?: readonly FieldName[] }>> = {
  verify_email: { token: [], code: ['email', 'code'] },
  forgot_password: { token: ['login'], code: ['login'] },
  reset_password: { token: ['new_password'], code: ['email', 'code', 'new_password'] },
  // Its code can only be used by the signed-in user.
  confirm_email: { token: [] },
  undo_email_change: { token: [] },
  sign_in: { token: [], code: ['email', 'code'] },
  second_factor: { token: ['second_factor'] },
};

const KINDS: Readonly<Record<FieldName, Pick<Field, 'type' | 'autocomplete'>>> = {
  login: { type: 'text', autocomplete: 'username' },
  email: { type: 'email', autocomplete: 'email' },
  code: { type: 'text', autocomplete: 'one-time-code' },
  new_password: { type: 'password', autocomplete: 'new-password' },
  second_factor: { type: 'text', autocomplete: 'one-time-code' },
};

/** What is wrong with the fields of a form, in the language of the page. */
export type FieldErrors = Partial<Record<FieldName, readonly string[]>>;

/** The fields of a form with the values that were sent, except passwords. The first one with an error gets the focus. */
export function fieldsOf(
  names: readonly FieldName[],
  texts: PageTexts,
  { passwordMinLength: minimum }: Config,
  { values, errors }: { values: FormValues; errors: FieldErrors },
): Field[] {
  const first = names.find((name) => errors[name] !== undefined);
  return names.map((name) => {
    const { label, hint } = texts.fields[name];
    return {
      name,
      label,
      ...KINDS[name],
      hint: hint && fill(hint, { minimum }),
      value: name === 'new_password' ? '' : (values[name] ?? ''),
      errors: errors[name] ?? [],
      focus: name === first,
    };
  });
}
