import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { LimitName } from '../config/limits.js';
import { LIMIT, LimitGuard } from './limit.guard.js';

/**
 * Limits how often a handler may be called. Write it below other guards of the handler: decorators apply from the
 * bottom up, and a call is to be counted before anything else is done for it.
 */
export function Limit(limit: LimitName): MethodDecorator {
  return applyDecorators(SetMetadata(LIMIT, limit), UseGuards(LimitGuard));
}
