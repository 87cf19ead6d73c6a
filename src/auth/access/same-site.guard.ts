import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Csrf } from './csrf.js';

/** Rejects cookie logins sent by another site, which would log the browser in as the attacker (login CSRF). */
@Injectable()
export class SameSiteGuard implements CanActivate {
  constructor(private readonly csrf: Csrf) {}

  /** Runs before the body is validated. @throws CsrfFailed */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Body?: { transport?: unknown } }>>();
    if (request.body?.transport === 'cookie') await this.csrf.checkOrigin(request);
    return true;
  }
}
