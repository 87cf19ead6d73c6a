import { Injectable } from '@nestjs/common';
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
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
  ) {
    super({ usernameField: 'identifier', passReqToCallback: true });
  }

  /** @throws InvalidCredentials, the same and after the same work for an unknown user and for a wrong password */
  async validate(request: FastifyRequest, _identifier: string, password: string): Promise<User> {
    const user = await this.users.findForLogin(request.body as LoginRequest);
    const matches = await this.hasher.verify(password, user?.passwordHash);
    if (!user || !matches) throw new InvalidCredentials();
    return user;
  }
}
