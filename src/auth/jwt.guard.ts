import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { PUBLIC } from '../access/public.decorator.js';
import { TokenMalformed, TokenMissing } from '../access/token.errors.js';
import { AuthError } from '../problems/auth-error.js';
import { bearerToken } from './bearer-token.js';

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

  override handleRequest<T>(error: unknown, user: T | false, info: unknown, context: ExecutionContext): T {
    if (error) throw error;
    if (user) return user;
    if (info instanceof AuthError) throw info;
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    throw bearerToken(headers) === undefined ? new TokenMissing() : new TokenMalformed({ cause: info });
  }
}
