import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { validateBody } from './validation.js';

const BODY = 'portero:body';

/** Validates a body before the guards above it run. `BodyPipe` does so after all guards. */
@Injectable()
class ValidBodyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly config: Config,
  ) {}

  /** @throws ValidationFailed */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const dto = this.reflector.get<Type<object>>(BODY, context.getHandler());
    await validateBody(dto, this.config, context.switchToHttp().getRequest<FastifyRequest>().body);
    return true;
  }
}

/**
 * Makes a handler reject an invalid body before `@Limit(…)` counts the request. Write it below that decorator.
 *
 * @param dto the class of the handler's `@Body()`
 */
export function ValidBodyFirst(dto: Type<object>): MethodDecorator {
  return applyDecorators(SetMetadata(BODY, dto), UseGuards(ValidBodyGuard));
}
