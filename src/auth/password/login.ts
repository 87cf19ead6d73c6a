import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientContextOf } from '../../http/client-context.js';
import { DeviceCookie } from '../../lockout/device-cookie.js';
import { AuthError } from '../../problems/auth-error.js';
import { CookieSessions } from '../../sessions/cookie-sessions.js';
import { Revocations } from '../../sessions/revocation/revocations.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { User } from '../../users/user.entity.js';
import { Csrf } from '../access/csrf.js';
import { SessionCookieHeader } from '../access/session-cookie-header.js';
import { CookieSessionResponse } from '../cookie-session.response.js';
import { TokensResponse } from '../tokens.response.js';

/** Gives a user who has proved who they are what they asked for: tokens, or a cookie. */
@Injectable()
export class Login {
  constructor(
    private readonly sessions: SessionsService,
    private readonly cookieSessions: CookieSessions,
    private readonly revocations: Revocations,
    private readonly cookie: SessionCookieHeader,
    private readonly csrf: Csrf,
    private readonly devices: DeviceCookie,
  ) {}

  /** @throws SessionRevoked where the user has changed since the password was checked */
  async withTokens(request: FastifyRequest, reply: FastifyReply, user: User): Promise<TokensResponse> {
    const session = await this.sessions.start(user, clientContextOf(request), 'bearer');
    this.devices.remember(user.id, request, reply);
    return TokensResponse.of(this.sessions.issue(session));
  }

  /**
   * Always a new session under a new cookie, whatever came with the request; the session of the cookie that did ends
   * (ASVS 7.2.4).
   *
   * @throws SessionRevoked where the user has changed since the password was checked
   */
  async withCookie(request: FastifyRequest, reply: FastifyReply, user: User): Promise<CookieSessionResponse> {
    const session = await this.sessions.start(user, clientContextOf(request), 'cookie');
    await this.#endFormer(request);
    this.cookie.set(reply, this.cookieSessions.codec.encode(session.id));
    this.devices.remember(user.id, request, reply);
    return CookieSessionResponse.of(user, session, this.csrf.tokenOf(session.id));
  }

  async #endFormer(request: FastifyRequest): Promise<void> {
    try {
      const value = this.cookie.read(request.headers);
      if (value === undefined) return;
      await this.revocations.revoke(this.cookieSessions.sessionOf(value), 'logged_in_again', clientContextOf(request));
    } catch (error) {
      // What came was no cookie of ours: nothing to end.
      if (!(error instanceof AuthError)) throw error;
    }
  }
}
