import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { ValidationFailed } from '../../problems/http.errors.js';
import { validateBody } from '../../problems/validation.js';
import type { User } from '../../users/user.entity.js';
import { Csrf } from '../access/csrf.js';
import { InvalidCredentials } from '../auth.errors.js';
import { LoginRequest } from '../credentials.request.js';

/** Lets pass whom a name and a password in the body prove. */
@Injectable()
export class LocalGuard extends AuthGuard('local') {
  constructor(private readonly csrf: Csrf) {
    super();
  }

  /** Guards run before pipes, so the body is checked here. @throws ValidationFailed, CsrfFailed */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const body = await validateBody(LoginRequest, request.body);
    if (body.identifier === undefined) {
      throw new ValidationFailed({ faults: [{ pointer: '/username', code: 'required' }] });
    }
    // Another site must not log its visitors in under a name of its own (login CSRF).
    if (body.transport === 'cookie') await this.csrf.checkOrigin(request);
    request.body = body;
    return (await super.canActivate(context)) as boolean;
  }

  override handleRequest<T = User>(error: unknown, user: T | false): T {
    if (error) throw error;
    if (!user) throw new InvalidCredentials();
    return user;
  }
}
