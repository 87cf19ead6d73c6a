import { Injectable, Logger } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';
import { PasswordHasher } from '../passwords/password-hasher.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { InvalidCredentials } from './auth.errors.js';
import type { LoginRequest } from './credentials.request.js';

/** A name and a password, from a body that {@link LocalGuard} has checked. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  readonly #logger = new Logger(LocalStrategy.name);

  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
  ) {
    super({ usernameField: 'identifier', passReqToCallback: true });
  }

  /** @throws InvalidCredentials, the same and after the same work for an unknown user and for a wrong password; Busy */
  async validate(request: FastifyRequest, _identifier: string, password: string): Promise<User> {
    const user = await this.users.findForLogin(request.body as LoginRequest);
    const stored = user?.passwordHash;
    const { matches, replacement, fault } = await this.hasher.verify(password, stored, request.ip);
    if (fault !== undefined) this.#logger.warn({ msg: 'a stored password hash is unusable', user_id: user?.id, fault });
    if (!user || !matches || user.disabledAt !== null) throw new InvalidCredentials();
    if (stored && replacement) await this.users.upgradePasswordHash(user.id, stored, replacement);
    return user;
  }
}
