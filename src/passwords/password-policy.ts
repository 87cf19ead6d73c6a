import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PasswordRejected } from './passwords.errors.js';

/** In code points. A longer password is nobody's: it is refused before it costs a hash. */
export const PASSWORD_MAX_LENGTH = 256;

/** What a password may be (NIST SP 800-63B-4 §3.1.1.2): its length counts, its composition does not. */
@Injectable()
export class PasswordPolicy {
  constructor(private readonly config: Config) {}

  /** @throws PasswordRejected */
  check(password: string): void {
    const length = [...password].length;
    if (length < this.config.passwordMinLength) {
      const values = { minimum: this.config.passwordMinLength };
      throw new PasswordRejected({ faults: [{ pointer: '/password', code: 'password_too_short', values }] });
    }
    if (length > PASSWORD_MAX_LENGTH) {
      const values = { maximum: PASSWORD_MAX_LENGTH };
      throw new PasswordRejected({ faults: [{ pointer: '/password', code: 'password_too_long', values }] });
    }
  }
}
