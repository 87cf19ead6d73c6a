import { Injectable, Logger } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';
import { PasswordAttempts } from '../abuse/password-attempts.js';
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
    private readonly attempts: PasswordAttempts,
  ) {
    super({ usernameField: 'identifier', passReqToCallback: true });
  }

  /**
   * @throws InvalidCredentials, the same and after the same work for an unknown user and for a wrong password;
   * TooManyRequests, TooManyAttempts, Busy
   */
  async validate(request: FastifyRequest, _identifier: string, password: string): Promise<User> {
    const names = request.body as LoginRequest;
    const user = await this.users.findForLogin(names);
    const attempt = { user, names, address: request.ip, cookieHeader: request.headers.cookie };
    const proved = await this.attempts.atLogin(attempt, () => this.#check(user, password, request.ip));
    if (proved === undefined) throw new InvalidCredentials();
    return proved;
  }

  async #check(user: User | null, password: string, caller: string): Promise<User | undefined> {
    const stored = user?.passwordHash;
    const { matches, replacement, fault } = await this.hasher.verify(password, stored, caller);
    if (fault !== undefined) this.#logger.warn({ msg: 'a stored password hash is unusable', user_id: user?.id, fault });
    if (!user || !matches || user.disabledAt !== null) return undefined;
    if (stored && replacement) await this.users.upgradePasswordHash(user.id, stored, replacement);
    return user;
  }
}
