import { AmbiguousJson, parseStrictJson } from '../http/strict-json.js';
import { type Key, verifyWith } from './jwa.js';

const MAX_LENGTH = 4096;
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)$/;
const HEADER_MEMBERS = new Set(['alg', 'typ', 'kid']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface JwsHeader {
  alg: string;
  typ?: string;
  kid?: string;
}

/** The verified parts of a JWS. */
export interface VerifiedJws {
  header: JwsHeader;
  payload: Buffer;
  key: Key;
}

/** The JWS is not valid. The message is for the log; clients only learn that the token is not valid. */
export class InvalidJws extends Error {
  override name = 'InvalidJws';
}

/**
 * Verifies a JWS in compact form (RFC 7515 §5.2) of at most 4 KiB. Accepts only canonical base64url, and a header in strict JSON
 * with `alg`, `typ` and `kid`. The header can't name the location of a key (RFC 8725 §3.10), and its `alg` must be the algorithm
 * of the key (§3.1).
 *
 * @param findKey returns the key for a header, by its `kid`
 * @throws InvalidJws
 */
export function verifyJws(token: string, findKey: (header: JwsHeader) => Key | undefined): VerifiedJws {
  const [, ...parts] = (token.length <= MAX_LENGTH && COMPACT.exec(token)) || [];
  if (parts.length !== 3) throw new InvalidJws('not in compact form, or too long');
  const [head, payload, signature] = parts.map(decodeBase64url) as [Buffer, Buffer, Buffer];
  const header = readHeader(head);
  const key = findKey(header);
  if (key === undefined || key.alg !== header.alg) throw new InvalidJws('unknown key, or not its algorithm');
  const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
  if (!verifyWith(key, signed, signature)) throw new InvalidJws('wrong signature');
  return { header, payload, key };
}

/** Parses an object in strict UTF-8 and strict JSON, without duplicate members. @throws InvalidJws */
export function readObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value = parseStrictJson(utf8.decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidJws(cause instanceof AmbiguousJson ? cause.message : 'not JSON', { cause });
  }
  throw new InvalidJws('not a JSON object');
}

function readHeader(bytes: Buffer): JwsHeader {
  const header = readObject(bytes);
  const members = Object.entries(header);
  if (members.some(([name, value]) => !HEADER_MEMBERS.has(name) || typeof value !== 'string')) {
    throw new InvalidJws('a header member is unknown or not a string');
  }
  if (header.alg === undefined) throw new InvalidJws('no alg');
  return header as unknown as JwsHeader;
}

/** Several base64url texts decode to the same bytes; only the canonical one is accepted. */
function decodeBase64url(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw new InvalidJws('not canonical base64url');
  return bytes;
}
