import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Principal } from '../../http/principal.js';
import { AuthenticationCheck, REQUIRED_AUTH, type RequiredAuth } from './required-auth.js';

/** Runs after the global guard, which has found the principal. See recent-auth.decorators.ts. */
@Injectable()
export class RecentAuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly check: AuthenticationCheck,
  ) {}

  /** @throws the errors of {@link AuthenticationCheck.require} */
  async canActivate(context: ExecutionContext): Promise<true> {
    const required = this.reflector.get<RequiredAuth[]>(REQUIRED_AUTH, context.getHandler());
    await this.check.require(context.getArgByIndex<{ user: Principal }>(0).user, ...required);
    return true;
  }
}
