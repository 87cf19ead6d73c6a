import type { Mail } from './mail.js';

/** Shorter parts of a link are words of its path. */
const SHORTEST = 12;

/** Removes the link and the code of a mail from a text: servers that reject a mail may quote it. */
export function redact(text: string, { contents }: Mail): string {
  const parts = contents.link.split(/[/?#&=]/).filter((part) => part.length >= SHORTEST);
  const codes = 'code' in contents ? [contents.code, contents.code.replaceAll('-', '')] : [];
  const secrets = [contents.link, ...parts, ...codes].filter((secret) => secret !== '');
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '…'), text);
}
