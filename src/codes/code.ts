import { randomBytes, randomInt } from 'node:crypto';

/** Without characters that look alike: 0 and O, 1 and I, and so on. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const LENGTH = 8;
const TOKEN_BYTES = 32;
const TOKEN_LENGTH = 43;

/** A code that somebody typed who is not signed in. */
export interface CodeOfAddress {
  email: string;
  code: string;
}

/** A code that a signed-in user typed. */
export interface CodeOfUser {
  userId: string;
  code: string;
}

/** What a person presents: the token of a link, or a typed code. */
export type CodeEvidence = { token: string } | CodeOfAddress;

/** A token for a link: 256 bits, in base64url. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function isToken(text: string): boolean {
  return text.length === TOKEN_LENGTH && /^[\w-]+$/.test(text);
}

/** A code of 40 bits to type, as `ABCD-EFGH`. */
export function newCode(): string {
  const characters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `${characters.slice(0, LENGTH / 2).join('')}-${characters.slice(LENGTH / 2).join('')}`;
}

/** The code in one spelling: letter case, hyphens and white space do not matter. Returns undefined if it is no code. */
export function canonicalCode(typed: string): string | undefined {
  if (typed.length > 4 * LENGTH) return undefined;
  const code = typed.replace(/[\s-]/g, '').toUpperCase();
  return code.length === LENGTH && [...code].every((character) => ALPHABET.includes(character)) ? code : undefined;
}
