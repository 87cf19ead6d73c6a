import { ApiProperty } from '@nestjs/swagger';
import type { LiveSession } from '../sessions/session-statements.js';
import type { User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';

/** A session that a cookie carries: it came with this answer, and scripts never see it. */
export class CookieSessionResponse {
  @ApiProperty({ type: UserResponse })
  user!: UserResponse;

  @ApiProperty({ description: 'For `X-CSRF-Token`, with every request that is no GET, HEAD or OPTIONS.' })
  csrf_token!: string;

  @ApiProperty({ format: 'date-time', description: 'When the session ends, however much it is used.' })
  expires_at!: string;

  static of(user: User, session: LiveSession, csrfToken: string): CookieSessionResponse {
    return { user: UserResponse.of(user), csrf_token: csrfToken, expires_at: session.expiresAt.toISOString() };
  }
}
