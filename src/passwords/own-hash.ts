import type { SchemeName } from './schemes.js';

/** A hash made by Portero: the scheme, the id of the pepper, and the scheme's own text with its parameters. */
export interface OwnHash {
  scheme: SchemeName;
  pepperId: string;
  hash: string;
}

/** The prefix of all hashes made by Portero. */
export const OWN_PREFIX = '$portero-';

const FORMS: Record<SchemeName, RegExp> = {
  bcrypt: /^\$portero-bcrypt\$v=1,pepper=([0-9a-f]{8})(\$2b\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53})$/,
  argon2id:
    /^\$portero-argon2id\$v=1,pepper=([0-9a-f]{8})(\$argon2id\$v=19\$m=\d{1,6},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{8,64}\$[A-Za-z0-9+/]{22,86})$/,
};

/** `$portero-<scheme>$v=1,pepper=<id>` and then the scheme's own text. */
export function writeOwnHash({ scheme, pepperId, hash }: OwnHash): string {
  return `${OWN_PREFIX}${scheme}$v=1,pepper=${pepperId}${hash}`;
}

/** Returns undefined if the text is not a hash made by Portero. */
export function readOwnHash(stored: string): OwnHash | undefined {
  for (const scheme of Object.keys(FORMS) as SchemeName[]) {
    const [, pepperId, hash] = FORMS[scheme].exec(stored) ?? [];
    if (pepperId !== undefined && hash !== undefined) return { scheme, pepperId, hash };
  }
  return undefined;
}
