import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { PUBLIC } from '../access/public.decorator.js';
import { TokenMissing } from '../access/token.errors.js';

/** The global guard: nothing passes without an access token but what is marked `@Public()`. */
@Injectable()
export class JwtGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override canActivate(context: ExecutionContext) {
    const isPublic = this.reflector.getAllAndOverride(PUBLIC, [context.getHandler(), context.getClass()]) === true;
    return isPublic || super.canActivate(context);
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error) throw error;
    if (!user) throw new TokenMissing();
    return user;
  }
}
