import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { ValidationFailed } from '../problems/http.errors.js';
import type { User } from '../users/user.entity.js';
import { type Identifiers, UsersService } from '../users/users.service.js';
import { RegistrationClosed } from './auth.errors.js';

/** Lets people make their own account. */
@Injectable()
export class Registration {
  constructor(
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly config: Config,
  ) {}

  /** @throws RegistrationClosed, ValidationFailed, PasswordRejected, UsernameTaken, EmailTaken */
  async register({ password, ...names }: Identifiers & { password: string }): Promise<User> {
    if (this.config.registration === 'closed') throw new RegistrationClosed();
    this.#requireNames(names);
    this.policy.check(password);
    return await this.users.create({ ...names, passwordHash: await this.hasher.hash(password) });
  }

  #requireNames(names: Identifiers): void {
    const required = this.config.registrationRequires.split(',') as (keyof Identifiers)[];
    const missing = required.filter((name) => names[name] === undefined);
    if (missing.length === 0) return;
    throw new ValidationFailed({ faults: missing.map((name) => ({ pointer: `/${name}`, code: 'required' })) });
  }
}
