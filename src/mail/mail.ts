import type { Language } from '../problems/language.js';

/** Every mail has one link, which starts with `PUBLIC_URL`. */
interface Linked {
  /** The user's name for the greeting: the username, or the address. */
  name: string;
  link: string;
}

/** A link and a code that do the same, until they expire. */
interface WithCode extends Linked {
  /** As `ABCD-EFGH`. */
  code: string;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/** Something has happened to the account. */
interface Notice extends Linked {
  /** ISO 8601, UTC. */
  at: string;
}

/** A kind of second factor; `all` after `portero users mfa reset`. */
export type FactorKind = 'totp' | 'passkey' | 'all';

/** The contents of each mail, by its name. */
export interface MailContents {
  verify_email: WithCode;
  reset_password: WithCode;
  /** Sign-in by mail. */
  sign_in: WithCode;
  /** To the new address. */
  confirm_email_change: WithCode & { newEmail: string };
  /** To the previous address. The link undoes the change. */
  email_changed: Notice & { newEmail: string; undoUntil: string };
  /** Private registration: the address has an account already. The link leads to the page for a forgotten password. */
  already_registered: Linked;
  /** The link of this and the following notices leads to the page for a forgotten password. */
  /** Without `device` if the program is unknown. */
  new_device: Notice & { device?: string; ip: string };
  password_changed: Notice;
  account_locked: Notice;
  second_factor_added: Notice & { method: FactorKind };
  second_factor_removed: Notice & { method: FactorKind };
  recovery_code_used: Notice & { codesLeft: number };
}

export type MailName = keyof MailContents;

/** A mail to one person. */
export type Mail = {
  [Name in MailName]: { name: Name; to: string; language: Language; contents: MailContents[Name] };
}[MailName];

/** A mail in its final form. `text` and `html` say the same. */
export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
}
