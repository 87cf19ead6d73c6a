import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { PUBLIC } from '../access/public.decorator.js';
import { TokenMissing } from '../access/token.errors.js';

/**
 * The global guard: nothing passes without a credential but what is marked `@Public()`. Strategies are asked in turn,
 * each only where the ones before it found nothing of theirs: a bad access token is refused whatever cookie is beside it.
 */
@Injectable()
export class AccessGuard extends AuthGuard(['jwt', 'cookie']) {
  /** By handler: what decorators say does not change, and reading it is slow. */
  readonly #isPublic = new WeakMap<object, boolean>();

  constructor(private readonly reflector: Reflector) {
    super();
  }

  override canActivate(context: ExecutionContext) {
    const handler = context.getHandler();
    let isPublic = this.#isPublic.get(handler);
    if (isPublic === undefined) {
      isPublic = this.reflector.getAllAndOverride(PUBLIC, [handler, context.getClass()]) === true;
      this.#isPublic.set(handler, isPublic);
    }
    return isPublic || super.canActivate(context);
  }

  override handleRequest<T>(error: unknown, user: T | false): T {
    if (error) throw error;
    if (!user) throw new TokenMissing();
    return user;
  }
}
