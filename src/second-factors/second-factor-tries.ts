import { Injectable } from '@nestjs/common';
import { RepeatedEvents } from '../audit/repeated-events.js';
import type { ClientContext } from '../http/client-context.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { RateLimits } from '../rate-limits/rate-limits.js';

/** Who changes or proves a second factor. */
export interface FactorUse {
  userId: string;
  /** The session that asks, if there is one yet. */
  sessionId?: string | undefined;
  client: ClientContext;
}

/** Counts wrong codes by user (`LIMIT_SECOND_FACTORS`). */
@Injectable()
export class SecondFactorTries {
  constructor(
    private readonly limits: RateLimits,
    private readonly repeated: RepeatedEvents,
  ) {}

  /**
   * Counts a code before it is checked, so that concurrent guesses can't exceed the limit.
   *
   * @returns what uncounts it, once it is known to be right
   * @throws TooManyRequests after too many wrong codes of the user
   */
  async count({ userId, sessionId, client }: FactorUse): Promise<() => Promise<void>> {
    if (!this.limits.enabled) return async () => {};
    const { rejection, undo } = await this.limits.take('second_factors', userId);
    if (rejection === undefined) return undo;
    await this.repeated.recordRefused('limit.hit', {
      userId,
      sessionId,
      client,
      details: { code: TooManyRequests.code, limit: 'second_factors' },
    });
    throw rejection;
  }
}
