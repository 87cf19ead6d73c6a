import { Injectable } from '@nestjs/common';
import { TokenMissing } from '../access/token.errors.js';
import { AuthError } from '../problems/auth-error.js';
import { Revocations } from '../sessions/revocations.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';

/** What a caller may end a session with. */
export interface LogoutCredentials {
  accessToken?: string | undefined;
  refreshToken?: string | undefined;
}

/** Ends the session that a genuine token belongs to, also when the token's time is over. */
@Injectable()
export class Logout {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
  ) {}

  /**
   * Any one genuine credential is enough.
   *
   * @throws TokenMissing without a credential; TokenMalformed, RefreshTokenInvalid where none is genuine
   */
  async logout({ accessToken, refreshToken }: LogoutCredentials): Promise<void> {
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
    if (sessionIds.size === 0) throw refusal;
    await Promise.all([...sessionIds].map((id) => this.revocations.revoke(id, 'logout')));
  }
}
