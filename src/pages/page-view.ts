import type { Language } from '../problems/language.js';
import type { FieldName } from './page-texts.en.js';

/** A field of a form, as the template `field` shows it. */
export interface Field {
  name: FieldName;
  label: string;
  type: 'text' | 'email' | 'password';
  autocomplete: string;
  hint?: string | undefined;
  value: string;
  /** What is wrong with the value. */
  errors: readonly string[];
  /** Whether the page puts the focus here. */
  focus: boolean;
}

export interface Form {
  action: string;
  hidden: Readonly<Record<string, string>>;
  fields: readonly Field[];
  button: string;
}

export interface Link {
  href: string;
  text: string;
}

/** The values of the template `page`. */
export interface PageView {
  language: Language;
  brand: string;
  logo: string | undefined;
  stylesheet: string;
  title: string;
  heading: string;
  /** The picture above the heading. */
  icon: 'done' | 'problem' | undefined;
  text: readonly string[];
  /** Above a form that was rejected. */
  alert: string | undefined;
  form: Form | undefined;
  links: readonly Link[];
  /** The same page in the other language; undefined after a POST, whose page has no URL. */
  otherLanguage: (Link & { language: Language }) | undefined;
}
