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

/** Ends the session that a genuine credential belongs to, also when the credential's time is over. */
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
   * Any one genuine token is enough. A cookie counts where there is no token, and is cleared.
   *
   * @throws TokenMissing without a credential; TokenMalformed, RefreshTokenInvalid, SessionInvalid where none is
   * genuine; CsrfFailed
   */
  async logout(
    request: FastifyRequest,
    client: ClientContext,
    reply: FastifyReply,
    refreshToken: string | undefined,
  ): Promise<void> {
    const accessToken = bearerToken(request.headers);
    // An empty token is a bad one, and a bad one is not made good by a cookie beside it.
    const hasToken = accessToken !== undefined || refreshToken !== undefined;
    const cookie = hasToken ? undefined : this.cookie.read(request.headers);
    const sessionIds = new Set<string>();
    let refusal: AuthError = new TokenMissing();
    const collect = (sessionOf: () => string) => {
      try {
        sessionIds.add(sessionOf());
      } catch (error) {
        if (!(error instanceof AuthError)) throw error;
        refusal = error;
      }
    };
    if (accessToken !== undefined) collect(() => this.accessTokens.verify(accessToken, { allowExpired: true }).sid);
    if (refreshToken !== undefined) collect(() => this.sessions.sessionOf(refreshToken));
    if (cookie !== undefined) collect(() => this.cookieSessions.sessionOf(cookie));
    if (sessionIds.size === 0) throw refusal;
    if (cookie !== undefined) for (const id of sessionIds) await this.csrf.check(request, id);
    await Promise.all([...sessionIds].map((id) => this.revocations.revoke(id, 'logout', client)));
    if (cookie !== undefined) this.cookie.clear(reply);
  }
}
