import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Who makes a request: the same from an access token and from a session cookie. */
export interface Principal {
  userId: string;
  sessionId: string;
  /** How the session is carried. */
  transport: 'bearer' | 'cookie';
  /** Username, else email. */
  name: string;
  /** How the user authenticated, as RFC 8176 values. */
  amr: readonly string[];
  /** When the user last authenticated in this session, in whole seconds. */
  authTime: Date;
}

/** The principal that the global guard found. Only for routes that are not public. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.getArgByIndex<{ user: Principal }>(0).user,
);
