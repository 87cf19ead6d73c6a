import { isEmail } from 'class-validator';

const MAX_CHARACTERS = 64;

/**
 * The maximum length before normalization, in UTF-16 code units. A character of NFKC has at most six of them when it is
 * decomposed (U+16126). Longer names are rejected before normalization, which is slow.
 */
export const MAX_IDENTIFIER_LENGTH = 6 * MAX_CHARACTERS;

const NEVER_IN_A_NAME = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Normalizes a name for comparison: NFKC (UAX #15) and case folding.
 *
 * Folding goes through upper case, because letters with the same upper case (ı and i, ſ and s, ς and σ) are equal in other
 * case-insensitive systems. İ is folded to i as well. One pass is not always idempotent (ẞ, and reordered marks), so passes
 * are repeated until nothing changes.
 */
export function identifierKey(text: string): string {
  let key = text;
  for (let previous = ''; previous !== key; ) {
    previous = key;
    key = fold(fold(key.normalize('NFKD').toLowerCase()).normalize('NFKC'));
  }
  return key;
}

function fold(text: string): string {
  return text
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replace(/i\u0307+/g, 'i');
}

/** The form that is stored and shown: NFKC replaces compatibility characters, such as full-width ＠. */
export function canonicalText(text: string): string {
  return text.normalize('NFKC');
}

/** 1-64 characters in canonical form. No control, private or invisible characters; no white space but single inner spaces. */
export function isUsername(text: string): boolean {
  if (text.length > MAX_IDENTIFIER_LENGTH) return false;
  const canonical = canonicalText(text);
  return (
    [...canonical].length <= MAX_CHARACTERS &&
    canonical.split(' ').every((word) => word !== '' && !NEVER_IN_A_NAME.test(word))
  );
}

/** The names of one user, as typed. */
export interface TypedNames {
  username?: string | undefined;
  email?: string | undefined;
}

/**
 * Whether a username looks like an email address that is not the user's own. Such a user could be mistaken for another one.
 */
export function looksLikeForeignAddress({ username, email }: TypedNames): boolean {
  if (username === undefined || !identifierKey(username).includes('@')) return false;
  return email === undefined || identifierKey(username) !== identifierKey(email);
}

/** The folded names of a login. `address` was sent as username, and may be the username or the email address of a user. */
export type LoginNames = TypedNames | { address: string };

/**
 * Folds the names of a login. An address that is sent as both names is an email. Text beyond {@link MAX_IDENTIFIER_LENGTH},
 * which no stored name has, is cut.
 */
export function loginNames(typed: TypedNames): LoginNames {
  const fold = (name: string | undefined) =>
    name === undefined ? undefined : identifierKey(name.slice(0, MAX_IDENTIFIER_LENGTH));
  const [username, email] = [fold(typed.username), fold(typed.email)];
  const isAddress = username?.includes('@') === true;
  if (isAddress && email === undefined) return { address: username };
  return isAddress && username === email ? { email } : { username, email };
}

/** An address of one mailbox (RFC 5321) in canonical form: no quoted local part, comment, group or address literal. */
export function isEmailAddress(text: string): boolean {
  if (text.length > 254) return false;
  const canonical = canonicalText(text);
  return (
    canonical.length <= 254 && !/["\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(canonical) && isEmail(canonical)
  );
}
