import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Who a request comes from, as its access token or its session cookie says. */
export interface Principal {
  userId: string;
  sessionId: string;
  /** How the session is carried. */
  transport: 'bearer' | 'cookie';
  /** Username, else email. */
  name: string;
}

/** The principal that the guard found. Only for routes that are not public. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest().user,
);
