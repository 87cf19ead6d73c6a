import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { ClientContext } from '../http/client-context.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { displayName } from '../users/user.entity.js';
import type { IssuedAccessToken } from './cookie-tokens.js';
import { RefreshTokenCodec, type RefreshTokenContent } from './refresh-token.js';
import { Revocations } from './revocation/revocations.js';
import { Rotations } from './rotations.js';
import { Session, type Transport } from './session.entity.js';
import { SessionRevoked } from './session.errors.js';
import { type LiveSession, RETRY, type RetryFacts } from './session-statements.js';
import { RefreshTokenExpired, RefreshTokenInvalid, RefreshTokenReused } from './sessions.errors.js';

export interface IssuedTokens extends IssuedAccessToken {
  refreshToken: string;
  refreshExpiresInSeconds: number;
}

/** Refreshes sessions and issues their tokens. Independent of HTTP and of the credential that started a session. */
@Injectable()
export class SessionsService {
  readonly #refreshTokens: RefreshTokenCodec;

  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly rotations: Rotations,
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
    private readonly repeated: RepeatedEvents,
  ) {
    this.#refreshTokens = new RefreshTokenCodec(
      config.secret.derive('refresh-token'),
      config.secretPrevious.map((secret) => secret.derive('refresh-token')),
    );
  }

  /** Whether a session has not ended, as of the transaction. */
  async isLive(manager: EntityManager, { sessionId, userId }: { sessionId: string; userId: string }): Promise<boolean> {
    const rows: unknown[] = await manager.query(
      'SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL',
      [sessionId, userId],
    );
    return rows.length === 1;
  }

  /** Returns how a session is carried, which never changes; undefined if it is deleted. Cookie sessions have access tokens too. */
  async transportOf(sessionId: string): Promise<Transport | undefined> {
    const session = await this.sessions.findOne({ select: { transport: true }, where: { id: sessionId } });
    return session?.transport;
  }

  /**
   * Rotates a refresh token. A retry with the same token within `REFRESH_GRACE` gets the same successor, byte for byte, if
   * the successor has not been used. Any other reuse ends the session.
   *
   * @throws RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenReused, SessionRevoked
   */
  async refresh(token: string, client: ClientContext): Promise<IssuedTokens> {
    const presented = this.#refreshTokens.decode(token);
    if (presented === undefined) throw new RefreshTokenInvalid();
    const session = (await this.rotations.rotate(presented, client)) ?? (await this.#retry(presented, client));
    return this.issue(session);
  }

  /** Returns the session ID of a genuine refresh token, also if it or the session has ended. @throws RefreshTokenInvalid */
  sessionOf(refreshToken: string): string {
    const content = this.#refreshTokens.decode(refreshToken);
    if (content === undefined) throw new RefreshTokenInvalid();
    return content.sessionId;
  }

  /** Returns the session if this is a retry in the grace window. @throws the reason why the token did not rotate */
  async #retry({ sessionId, generation }: RefreshTokenContent, client: ClientContext): Promise<LiveSession> {
    const [session]: (LiveSession & RetryFacts)[] = await this.sessions.query(RETRY, [
      sessionId,
      this.clock.databaseTime(),
      this.config.refreshGrace,
    ]);
    if (!session) throw new SessionRevoked();
    const concerned = { userId: session.userId, sessionId, client };
    if (session.isRevoked || session.isExpired) {
      const Rejection = session.isRevoked ? SessionRevoked : RefreshTokenExpired;
      await this.repeated.recordRefused('refresh', { ...concerned, details: { code: Rejection.code } });
      throw new Rejection();
    }
    // A generation of the future: the database was restored from an older backup. This is no theft.
    if (generation > session.generation) throw new RefreshTokenInvalid();
    if (session.generation === generation + 1 && session.isInGrace) {
      if (this.config.auditRefresh === 'on') {
        await this.audit.record('refresh', { ...concerned, details: { retry: true } });
      }
      return session;
    }
    const details = { code: RefreshTokenReused.code, generation };
    await this.revocations.revokeReused(sessionId, { ...concerned, details });
    throw new RefreshTokenReused();
  }

  /** Issues the tokens of a session that has just started or been refreshed. */
  issue(session: LiveSession): IssuedTokens {
    const { token, expiresInSeconds } = this.accessTokens.issue({
      userId: session.userId,
      sessionId: session.id,
      name: displayName(session),
      amr: session.amr,
      authTime: session.authTime,
      notAfter: new Date(Math.min(session.expiresAt.getTime(), session.accessExpiresAt.getTime())),
    });
    return {
      accessToken: token,
      accessExpiresInSeconds: expiresInSeconds,
      refreshToken: this.#refreshTokens.encode({ sessionId: session.id, generation: session.generation }),
      refreshExpiresInSeconds: Math.round((session.refreshExpiresAt.getTime() - this.clock.now()) / 1000),
    };
  }
}
