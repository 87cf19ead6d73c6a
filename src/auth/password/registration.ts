import { Injectable } from '@nestjs/common';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import { Config } from '../../config/config.js';
import type { ClientContext } from '../../http/client-context.js';
import { HashingTurns } from '../../lockout/hashing-turns.js';
import { PasswordHasher } from '../../passwords/password-hasher.js';
import { PasswordPolicy } from '../../passwords/password-policy.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { looksLikeForeignAddress, type TypedNames } from '../../users/identifier.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { RegistrationClosed } from '../auth.errors.js';

interface UserToCreate extends TypedNames {
  password?: string | undefined;
  emailVerified?: boolean | undefined;
}

/** Registers users. */
@Injectable()
export class Registration {
  constructor(
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly config: Config,
    private readonly audit: AuditLog,
    private readonly turns: HashingTurns,
  ) {}

  /** @throws RegistrationClosed, ValidationFailed, PasswordRejected, UsernameTaken, EmailTaken, Busy */
  async register(user: TypedNames & { password: string }, client: ClientContext): Promise<User> {
    if (this.config.registration === 'closed') throw new RegistrationClosed();
    return await this.create(user, { client });
  }

  /**
   * Creates a user by the same rules, even if registration is closed.
   *
   * @param user without a password, the user can't log in until one is set
   * @throws ValidationFailed, PasswordRejected, UsernameTaken, EmailTaken, Busy
   */
  async create(
    { password, emailVerified, ...names }: UserToCreate,
    by: Pick<EventInput, 'actor' | 'client'>,
  ): Promise<User> {
    if (looksLikeForeignAddress(names)) {
      throw new ValidationFailed({ faults: [{ pointer: '/username', code: 'username_invalid' }] });
    }
    if (password !== undefined) await this.policy.check(password, names);
    const event = this.audit.event('registered', by);
    const passwordHash =
      password === undefined ? null : await this.hasher.hash(password, await this.turns.next(by.client?.ip));
    const user = await this.users.create({ ...names, passwordHash, emailVerified }, event);
    this.audit.log(event);
    return user;
  }
}
