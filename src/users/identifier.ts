import { isEmail } from 'class-validator';

const MOST_CHARACTERS = 64;

/**
 * In UTF-16 units: no spelling of a username is longer, since a character of NFKC stands for at most six of them
 * (U+16126 decomposed). Longer names are refused before they are folded, which costs time.
 */
export const LONGEST_IDENTIFIER = 6 * MOST_CHARACTERS;

const NEVER_IN_A_NAME = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The form under which two spellings are one identifier: NFKC (UAX #15) and case folding.
 *
 * Folding goes through upper case, so that letters whose cases meet there (ı and i, ſ and s, ς and σ) meet here
 * too, as they do in the case-insensitive systems beside us; İ is folded to i as well. One pass can leave what the
 * next would still change (ẞ, and marks that change places), so it is repeated until nothing does.
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

/** What is kept and shown: compatibility forms (full width, homoglyphs such as ＠) become what they stand for. */
export function canonicalText(text: string): string {
  return text.normalize('NFKC');
}

/** 1-64 characters once canonical: no control, private or invisible character, no white space but single inner spaces. */
export function isUsername(text: string): boolean {
  if (text.length > LONGEST_IDENTIFIER) return false;
  const canonical = canonicalText(text);
  return (
    [...canonical].length <= MOST_CHARACTERS &&
    canonical.split(' ').every((word) => word !== '' && !NEVER_IN_A_NAME.test(word))
  );
}

/**
 * Whether a username looks like an address that is not the user's own email: its owner could be mistaken for another
 * user.
 */
export function looksLikeForeignAddress(names: { username?: string | undefined; email?: string | undefined }): boolean {
  const { username, email } = names;
  if (username === undefined || !identifierKey(username).includes('@')) return false;
  return email === undefined || identifierKey(username) !== identifierKey(email);
}

/** An address of one mailbox (RFC 5321), once canonical: no quoted local part, comment, group or address literal. */
export function isEmailAddress(text: string): boolean {
  if (text.length > 254) return false;
  const canonical = canonicalText(text);
  return (
    canonical.length <= 254 && !/["\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(canonical) && isEmail(canonical)
  );
}
