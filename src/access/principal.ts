import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Who a request comes from, as its verified access token says. */
export interface Principal {
  userId: string;
  sessionId: string;
  /** Username, else email: the token's `preferred_username`. */
  name: string;
}

/** The principal that the guard found. Only for routes that are not public. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest().user,
);
