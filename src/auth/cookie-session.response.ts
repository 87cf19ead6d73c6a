import { ApiProperty } from '@nestjs/swagger';
import type { LiveSession } from '../sessions/session-statements.js';
import type { User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';
import { CSRF_TOKEN_EXAMPLE } from './token-examples.js';

/** The response of a cookie login. The session itself is in an `HttpOnly` cookie. */
export class CookieSessionResponse {
  @ApiProperty({ type: UserResponse })
  user!: UserResponse;

  @ApiProperty({
    description: 'The value for the `X-CSRF-Token` header of all requests except GET, HEAD and OPTIONS.',
    example: CSRF_TOKEN_EXAMPLE,
  })
  csrf_token!: string;

  @ApiProperty({
    format: 'date-time',
    description: 'The absolute end of the session.',
    example: '2026-12-21T09:30:00.000Z',
  })
  expires_at!: string;

  static of(user: User, session: LiveSession, csrfToken: string): CookieSessionResponse {
    return { user: UserResponse.of(user), csrf_token: csrfToken, expires_at: session.expiresAt.toISOString() };
  }
}
