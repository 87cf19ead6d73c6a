import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Csrf } from '../access/csrf.js';
import { PendingSignIns } from './pending-sign-ins.js';

/** Rejects the last step of a cookie login sent by another site, which would log the browser in as the attacker (login CSRF). */
@Injectable()
export class SameSiteStepGuard implements CanActivate {
  constructor(
    private readonly csrf: Csrf,
    private readonly pending: PendingSignIns,
  ) {}

  /** Runs before the body is validated. @throws CsrfFailed */
  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Body?: { mfa_token?: unknown } }>>();
    const token = request.body?.mfa_token;
    if (typeof token !== 'string' || this.csrf.isFromOwnSite(request)) return true;
    if ((await this.pending.transportOf(token)) === 'cookie') await this.csrf.checkOrigin(request);
    return true;
  }
}
