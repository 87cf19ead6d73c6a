import type { KeyObject } from 'node:crypto';

/** What is secret in a body, by the name of the member: what is sent is chosen by a test, the rest the server gives out. */
const SENT = new Set(['password', 'current_password', 'new_password', 'client_secret']);
const RECEIVED = new Set(['access_token', 'refresh_token', 'csrf_token', 'client_secret']);
const NAMES = new Set(['username', 'email', 'identifier']);

/** Shorter ones are in other words by chance. */
const SHORTEST = 12;
/** So many of the first and of the last are looked for: a test of races has thousands, all alike. */
const MOST = 200;

/** Every secret that the tests of one suite used: passwords, tokens, cookies, keys. */
export class Secrets {
  readonly #texts = new Set<string>();
  readonly #bytes: Buffer[] = [];
  readonly #names: string[] = [];

  add(text: string): void {
    if (text.length >= SHORTEST) this.#texts.add(text);
  }

  /** `PORTERO_SECRET`, as it is written and as it is. */
  addEncoded(text: string): void {
    this.add(text);
    const bytes = Buffer.from(text, 'base64url');
    // One byte over and over is in every file.
    if (new Set(bytes).size > 4) this.#bytes.push(bytes);
  }

  /** The private half of a signing key. */
  addKey(key: KeyObject): void {
    const { d, k } = key.export({ format: 'jwk' });
    this.addEncoded((d ?? k) as string);
  }

  /** What is no secret, even where a test sends it as a password. */
  addName(text: string): void {
    this.#names.push(text.toLowerCase());
  }

  addSent(body: unknown): void {
    this.#members(body, SENT, (value) => this.add(value));
    this.#members(body, NAMES, (value) => this.addName(value));
  }

  addReceived(body: unknown, headers: Headers): void {
    this.#members(body, RECEIVED, (value) => this.add(value));
    for (const cookie of headers.getSetCookie()) this.add(/^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? '');
  }

  /** The secrets as they would be found: their own text, that of their bytes in hexadecimal, and those in base64. */
  get patterns(): string[] {
    // A password that a test took for a name too may be where names are.
    const texts = [...this.#texts].filter((text) => !this.#names.some((name) => name.includes(text.toLowerCase())));
    const some = texts.length > 2 * MOST ? [...texts.slice(0, MOST), ...texts.slice(-MOST)] : texts;
    const bytes = this.#bytes.flatMap((one) => [one.toString('hex'), one.toString('base64').replace(/=+$/, '')]);
    return [...some, ...some.map((text) => Buffer.from(text).toString('hex')), ...bytes];
  }

  /** Those that are no text, for files that hold them as they are. */
  get bytes(): readonly Buffer[] {
    return this.#bytes;
  }

  #members(body: unknown, names: ReadonlySet<string>, take: (value: string) => void): void {
    if (typeof body !== 'object' || body === null) return;
    for (const [name, value] of Object.entries(body)) if (names.has(name) && typeof value === 'string') take(value);
  }
}

/** Those of this suite: jest gives each its own. */
export const secrets = new Secrets();
