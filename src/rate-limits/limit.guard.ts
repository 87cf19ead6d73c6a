import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { LIMITS, type LimitName } from '../config/limits.js';
import { addressKey } from '../http/client-address.js';
import { clientContextOf } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { RateLimits } from './rate-limits.js';

/** Metadata key of a handler with a rate limit. */
export const LIMIT = 'portero:limit';

/**
 * Counts the requests to a handler with `@Limit(…)`, and rejects those over the limit. It counts by handler, so the spelling of
 * the URL does not matter.
 */
@Injectable()
export class LimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RateLimits,
    private readonly repeated: RepeatedEvents,
  ) {}

  /** @throws TooManyRequests */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.limits.enabled) return true;
    const limit = this.reflector.get<LimitName | undefined>(LIMIT, context.getHandler());
    if (limit === undefined) throw new Error('a limited route names no limit');
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { user?: Principal }>();
    const { headers, rejection } = await this.limits.take(limit, whoIs(request, limit));
    if (rejection) {
      const { userId, sessionId } = request.user ?? {};
      const details = { code: TooManyRequests.code, limit };
      await this.repeated.recordRefused('limit.hit', { userId, sessionId, client: clientContextOf(request), details });
      throw rejection;
    }
    http.getResponse<FastifyReply>().headers(headers);
    return true;
  }
}

function whoIs({ ip, user }: FastifyRequest & { user?: Principal }, limit: LimitName): string {
  const { countedBy } = LIMITS[limit];
  if (countedBy === 'address') return addressKey(ip);
  if (countedBy !== 'account' || user === undefined)
    throw new Error(`${limit} are not counted by the user of a request`);
  return user.userId;
}
