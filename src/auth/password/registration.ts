import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog, type EventInput } from '../../audit/audit-log.js';
import type { ClientContext } from '../../http/client-context.js';
import { HashingTurns } from '../../lockout/hashing-turns.js';
import { PasswordHasher } from '../../passwords/password-hasher.js';
import { PasswordPolicy } from '../../passwords/password-policy.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import type { Language } from '../../problems/language.js';
import { looksLikeForeignAddress, type TypedNames } from '../../users/identifier.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';

interface UserToCreate extends TypedNames {
  password?: string | undefined;
  emailVerified?: boolean | undefined;
  language?: Language | undefined;
}

/** Creates users, for people who register and for operators. */
@Injectable()
export class Registration {
  constructor(
    private readonly users: UsersService,
    private readonly policy: PasswordPolicy,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditLog,
    private readonly turns: HashingTurns,
  ) {}

  /**
   * Creates a user, even if registration is closed.
   *
   * @param user without a password, the user can't log in until one is set
   * @param also runs in the same transaction
   * @throws ValidationFailed, PasswordRejected, UsernameTaken, EmailTaken, Busy
   */
  async create(
    { password, emailVerified, language, ...names }: UserToCreate,
    by: Pick<EventInput, 'actor' | 'client'>,
    also?: (manager: EntityManager, user: User) => Promise<void>,
  ): Promise<User> {
    requireOwnAddress(names);
    const passwordHash = password === undefined ? null : await this.hash(password, names, by.client);
    const event = this.audit.event('registered', by);
    const newUser = { ...names, passwordHash, emailVerified, language };
    const user =
      also === undefined
        ? await this.users.create(newUser, event)
        : await this.users.transaction(async (manager) => {
            const created = await this.users.create(newUser, event, manager);
            await also(manager, created);
            return created;
          });
    this.audit.log(event);
    return user;
  }

  /** Checks the names and the password of a new user. @returns the hash @throws ValidationFailed, PasswordRejected, Busy */
  async hash(password: string, names: TypedNames, client: ClientContext | undefined): Promise<string> {
    requireOwnAddress(names);
    await this.policy.check(password, names);
    return await this.hasher.hash(password, await this.turns.next(client?.ip));
  }
}

function requireOwnAddress(names: TypedNames): void {
  if (looksLikeForeignAddress(names)) {
    throw new ValidationFailed({ faults: [{ pointer: '/username', code: 'username_invalid' }] });
  }
}
