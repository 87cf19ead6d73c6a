import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
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
  async register({ password, ...names }: TypedNames & { password: string }, client: ClientContext): Promise<User> {
    if (this.config.registration === 'closed') throw new RegistrationClosed();
    if (looksLikeForeignAddress(names)) {
      throw new ValidationFailed({ faults: [{ pointer: '/username', code: 'username_invalid' }] });
    }
    await this.policy.check(password, names);
    const event = this.audit.event('registered', { client });
    const passwordHash = await this.hasher.hash(password, await this.turns.next(client.ip));
    const user = await this.users.create({ ...names, passwordHash }, async (manager, { id }) => {
      event.userId = id;
      await this.audit.insert(manager, event);
    });
    this.audit.log(event);
    return user;
  }
}
