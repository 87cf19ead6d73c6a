import type { KeyObject } from 'node:crypto';

/** Secret members of bodies: those that tests send, and those that the server issues. */
const SENT = new Set(['password', 'current_password', 'new_password', 'client_secret']);
const RECEIVED = new Set(['access_token', 'refresh_token', 'csrf_token', 'client_secret', 'mfa_token', 'secret']);
const NAMES = new Set(['username', 'email', 'identifier']);

/** Shorter ones occur in other words by chance. */
const SHORTEST = 12;
/** Searches for only this many of the first and last ones: a test of races has thousands of similar ones. */
const MOST = 200;

/** Every secret that the tests of one suite used: passwords, tokens, cookies, keys. */
export class Secrets {
  readonly #texts = new Set<string>();
  readonly #bytes: Buffer[] = [];
  readonly #names: string[] = [];

  add(text: string): void {
    if (text.length >= SHORTEST) this.#texts.add(text);
  }

  /** `PORTERO_SECRET`, as text and as decoded bytes. */
  addEncoded(text: string): void {
    this.add(text);
    const bytes = Buffer.from(text, 'base64url');
    // Repetitions of one byte occur in every file.
    if (new Set(bytes).size > 4) this.#bytes.push(bytes);
  }

  /** The private part of a signing key. */
  addKey(key: KeyObject): void {
    const { d, k } = key.export({ format: 'jwk' });
    this.addEncoded((d ?? k) as string);
  }

  /** Adds a text that is not secret, even if a test sends it as a password. */
  addName(text: string): void {
    this.#names.push(text.toLowerCase());
  }

  addSent(body: unknown): void {
    this.#members(body, SENT, (value) => this.add(value));
    this.#members(body, NAMES, (value) => this.addName(value));
  }

  addReceived(body: unknown, headers: Headers): void {
    this.#members(body, RECEIVED, (value) => this.add(value));
    const { recovery_codes: codes } = (body ?? {}) as { recovery_codes?: unknown };
    // Shorter than the others, but no word.
    if (Array.isArray(codes)) for (const code of codes) this.#texts.add(code);
    for (const cookie of headers.getSetCookie()) this.add(/^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? '');
  }

  /** The texts to search for: each secret itself, and its bytes in hexadecimal and base64. */
  get patterns(): string[] {
    // A password that a test also used as a username may occur where usernames do.
    const texts = [...this.#texts].filter((text) => !this.#names.some((name) => name.includes(text.toLowerCase())));
    const some = texts.length > 2 * MOST ? [...texts.slice(0, MOST), ...texts.slice(-MOST)] : texts;
    const bytes = this.#bytes.flatMap((one) => [one.toString('hex'), one.toString('base64').replace(/=+$/, '')]);
    return [...some, ...some.map((text) => Buffer.from(text).toString('hex')), ...bytes];
  }

  /** Binary secrets, for files that may contain them unencoded. */
  get bytes(): readonly Buffer[] {
    return this.#bytes;
  }

  #members(body: unknown, names: ReadonlySet<string>, take: (value: string) => void): void {
    if (typeof body !== 'object' || body === null) return;
    for (const [name, value] of Object.entries(body)) if (names.has(name) && typeof value === 'string') take(value);
  }
}

/** The secrets of this suite. Each suite has its own instance of this module. */
export const secrets = new Secrets();
