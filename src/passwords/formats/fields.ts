import { MalformedHash } from '../hash-format.js';
import { LIMITS } from './limits.js';

/** Splits a text into the named fields. @throws MalformedHash if their number differs */
export function fields<const Names extends readonly string[]>(
  text: string,
  separator: string,
  names: Names,
): { readonly [Index in keyof Names]: string };
export function fields(text: string, separator: string, names: readonly string[]): readonly string[] {
  const found = text.split(separator);
  if (found.length !== names.length) {
    throw new MalformedHash(`${found.length} fields where ${names.length} are expected (${names.join(', ')})`);
  }
  return found;
}

/** A decimal number without sign, spaces and leading zeros. */
export function integer(text: string, what: string, minimum: number, maximum: number): number {
  if (text.length > 10 || !/^(0|[1-9]\d*)$/.test(text)) throw new MalformedHash(`${what} is not a number`);
  const value = Number(text);
  if (value < minimum) throw new MalformedHash(`${what} is under ${minimum}`);
  if (value > maximum) throw new MalformedHash(`${what} is over ${maximum}`);
  return value;
}

/** Parameters such as `ln=16,r=8,p=1`, with these names in this order. */
export function parameters<const Names extends readonly string[]>(
  text: string,
  names: Names,
): { readonly [Index in keyof Names]: string };
export function parameters(text: string, names: readonly string[]): readonly string[] {
  return fields(text, ',', names).map((pair, index) => {
    const start = `${names[index]}=`;
    if (!pair.startsWith(start))
      throw new MalformedHash(`the parameter ${names[index]} is missing or in the wrong place`);
    return pair.slice(start.length);
  });
}

/** Base64 with padding (RFC 4648 §4), in its canonical form. */
export function base64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new MalformedHash(`${what} is not base64`);
  return bytes;
}

/** Base64 without padding, as in PHC strings, in its canonical form. */
export function unpaddedBase64(text: string, what: string): Buffer {
  if (text.includes('=')) throw new MalformedHash(`${what} is not base64 without padding`);
  return base64(text.padEnd(Math.ceil(text.length / 4) * 4, '='), what);
}

/** Lower-case hexadecimal. */
export function hex(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'hex');
  if (bytes.toString('hex') !== text) throw new MalformedHash(`${what} is not hexadecimal`);
  return bytes;
}

/** A salt whose characters are the bytes. */
export function textSalt(text: string): Buffer {
  if (text === '') throw new MalformedHash('the salt is empty');
  return checkedSalt(Buffer.from(text, 'utf8'));
}

/** @throws MalformedHash if the salt is too long */
export function checkedSalt(salt: Buffer): Buffer {
  if (salt.length > LIMITS.saltBytes) throw new MalformedHash(`the salt is over ${LIMITS.saltBytes} bytes`);
  return salt;
}

/** @throws MalformedHash if the digest has another length */
export function checkLength(digest: Buffer, bytes: number): void {
  if (digest.length !== bytes) throw new MalformedHash(`the digest is ${digest.length} bytes and not ${bytes}`);
}
