import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClientContext } from '../http/client-context.js';
import { AuthError } from '../problems/auth-error.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { TokenMissing } from '../tokens/token.errors.js';
import { bearerToken } from './access/bearer-token.js';
import { Csrf } from './access/csrf.js';
import { SessionCookieHeader } from './access/session-cookie-header.js';

/** Ends the session of a genuine token or cookie, also if it has expired. */
@Injectable()
export class Logout {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly cookieSessions: CookieSessions,
    private readonly revocations: Revocations,
    private readonly cookie: SessionCookieHeader,
    private readonly csrf: Csrf,
  ) {}

  /**
   * One genuine token is enough. The cookie is used, and cleared, only if there is no token.
   *
   * @throws TokenMissing if there is no token or cookie; TokenMalformed, RefreshTokenInvalid, SessionInvalid if none is
   * genuine; CsrfFailed
   */
  async logout(
    request: FastifyRequest,
    client: ClientContext,
    reply: FastifyReply,
    refreshToken: string | undefined,
  ): Promise<void> {
    const accessToken = bearerToken(request.headers);
    // An empty token is invalid too, and the cookie is not used instead of an invalid token.
    const hasToken = accessToken !== undefined || refreshToken !== undefined;
    const cookie = hasToken ? undefined : this.cookie.read(request.headers);
    const sessionIds = new Set<string>();
    let failure: AuthError = new TokenMissing();
    const collect = (sessionOf: () => string) => {
      try {
        sessionIds.add(sessionOf());
      } catch (error) {
        if (!(error instanceof AuthError)) throw error;
        failure = error;
      }
    };
    if (accessToken !== undefined) collect(() => this.accessTokens.verify(accessToken, { allowExpired: true }).sid);
    if (refreshToken !== undefined) collect(() => this.sessions.sessionOf(refreshToken));
    if (cookie !== undefined) collect(() => this.cookieSessions.sessionOf(cookie));
    if (sessionIds.size === 0) throw failure;
    if (cookie !== undefined) for (const id of sessionIds) await this.csrf.check(request, id);
    await Promise.all([...sessionIds].map((id) => this.revocations.revoke(id, 'logout', client)));
    if (cookie !== undefined) this.cookie.clear(reply);
  }
}
