import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Fault } from '../problems/auth-error.js';
import { identifierKey } from '../users/identifier.js';
import { BreachCheck } from './breach-check.js';
import { CommonPasswords } from './common-passwords.js';
import { PasswordRejected } from './passwords.errors.js';

/** In code points. Longer passwords are rejected before they are hashed. */
export const PASSWORD_MAX_LENGTH = 256;

/** Shorter names are part of many words, so only the name itself is rejected as a password. */
const MIN_NAME_LENGTH = 4;

/** Digits, punctuation and spaces, which people put around a name to satisfy a form. */
const DECORATION = /^[\p{N}\p{P}$+<=>^`|~ ]*$/u;

/** Whose password it is, and the member of the request that contains it. */
export interface PasswordContext {
  username?: string | null | undefined;
  email?: string | null | undefined;
  /** A JSON Pointer; default `/password`. */
  pointer?: string;
}

/**
 * The password policy (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2): a minimum length, no rules of composition, no common and no
 * breached passwords.
 */
@Injectable()
export class PasswordPolicy {
  readonly #serviceNames: string[];

  constructor(
    private readonly config: Config,
    private readonly common: CommonPasswords,
    private readonly breaches: BreachCheck,
  ) {
    const [label = ''] = new URL(config.publicUrl).hostname.split('.');
    this.#serviceNames = ['portero', label];
  }

  /**
   * Reports all faults at once. The breach check runs only if there is none.
   *
   * @throws PasswordRejected
   * @throws Unavailable if the breach check is required and fails
   */
  async check(password: string, context: PasswordContext): Promise<void> {
    const { pointer = '/password' } = context;
    const faults = this.#faults(password, context);
    if (faults.length === 0 && (await this.breaches.finds(password))) faults.push({ code: 'password_breached' });
    if (faults.length === 0) return;
    throw new PasswordRejected({ faults: faults.map((fault) => ({ pointer, ...fault })) });
  }

  #faults(password: string, { username, email }: PasswordContext): Omit<Fault, 'pointer'>[] {
    const length = [...password].length;
    if (length > PASSWORD_MAX_LENGTH) {
      return [{ code: 'password_too_long', values: { maximum: PASSWORD_MAX_LENGTH } }];
    }
    const faults: Omit<Fault, 'pointer'>[] = [];
    if (length < this.config.passwordMinLength) {
      faults.push({ code: 'password_too_short', values: { minimum: this.config.passwordMinLength } });
    }
    if (this.common.has(password)) faults.push({ code: 'password_common' });
    const ownNames = [username, email].flatMap((name) => (name ? [name, localPart(name)] : []));
    if (isMadeOf(password, ownNames)) faults.push({ code: 'password_contains_name' });
    if (isMadeOf(password, this.#serviceNames)) faults.push({ code: 'password_contains_service_name' });
    return faults;
  }
}

/** The part before the last `@`, or the whole name. */
function localPart(name: string): string {
  return identifierKey(name).replace(/@[^@]*$/, '');
}

/** Whether the password is one of the names, with nothing but decoration around it (ASVS 6.2.11). */
function isMadeOf(password: string, names: string[]): boolean {
  const key = identifierKey(password);
  return names.map(identifierKey).some((name) => {
    if (name === '') return false;
    if (key === name) return true;
    const at = key.indexOf(name);
    if (at < 0 || [...name].length < MIN_NAME_LENGTH) return false;
    return DECORATION.test(key.slice(0, at) + key.slice(at + name.length));
  });
}
