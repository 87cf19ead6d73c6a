import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport';
import type { Principal } from '../../http/principal.js';
import { CookieSessions } from '../../sessions/cookie-sessions.js';
import { Csrf } from './csrf.js';
import { principalOf } from './principal-of.js';
import { SessionCookieHeader } from './session-cookie-header.js';

/** Authenticates by session cookie. Unsafe methods also need the CSRF token of the session. */
@Injectable()
export class CookieStrategy extends PassportStrategy(Strategy, 'cookie') {
  constructor(
    private readonly cookie: SessionCookieHeader,
    private readonly cookieSessions: CookieSessions,
    private readonly csrf: Csrf,
  ) {
    super();
  }

  /** Called by Passport. */
  override authenticate(request: unknown): void {
    this.validate(request as FastifyRequest).then(
      (principal) => (principal ? this.success(principal) : this.fail(401)),
      (error) => this.error(error),
    );
  }

  /** @throws SessionInvalid, SessionExpired, SessionRevoked, CsrfFailed, Unavailable */
  async validate(request: FastifyRequest): Promise<Principal | undefined> {
    const value = this.cookie.read(request.headers);
    if (value === undefined) return undefined;
    const session = await this.cookieSessions.verify(value);
    await this.csrf.check(request, session.sessionId);
    return principalOf('cookie', session);
  }
}
