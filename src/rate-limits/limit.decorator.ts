import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { LimitName } from '../config/limits.js';
import { LIMIT, LimitGuard } from './limit.guard.js';

/**
 * Applies a rate limit to a handler. Write it below the other guards of the handler: decorators run from the bottom up, and a
 * request must be counted before anything else is done for it.
 */
export function Limit(limit: LimitName): MethodDecorator {
  return applyDecorators(SetMetadata(LIMIT, limit), UseGuards(LimitGuard));
}
