import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { ClientContext } from '../http/client-context.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { displayName } from '../users/user.entity.js';
import { SessionRevoked } from './session.errors.js';
import { GRANT_ACCESS, GRANT_ACCESS_AND_RECORD, ISSUING_MS, type LiveSession } from './session-statements.js';

export interface IssuedAccessToken {
  accessToken: string;
  accessExpiresInSeconds: number;
}

/** Issues access tokens for cookie sessions. */
@Injectable()
export class CookieTokens {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly accessTokens: AccessTokens,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Issues an access token that ends with the session: at its absolute end, and if the session is not used again, at its idle
   * timeout. One statement checks that the session is live and stores how long its revocation must be kept.
   *
   * @throws SessionRevoked if the session has ended since it was verified
   */
  async issue(
    { sessionId, userId }: { sessionId: string; userId: string },
    client: ClientContext,
  ): Promise<IssuedAccessToken> {
    const { accessTokenTtl, auditRefresh, sessionIdleTtl } = this.config;
    const event = auditRefresh === 'on' ? this.audit.event('token.issued', { userId, sessionId, client }) : undefined;
    const [session]: LiveSession[] = await this.database.query(event ? GRANT_ACCESS_AND_RECORD : GRANT_ACCESS, [
      sessionId,
      this.clock.databaseTime(),
      new Date(this.clock.now() + accessTokenTtl + ISSUING_MS),
      ...(event ? [eventParameter(event)] : []),
    ]);
    if (session === undefined) throw new SessionRevoked({ tokenPresented: false });
    if (event) this.audit.log(event);
    const idleEnd = this.clock.now() + sessionIdleTtl;
    const { token, expiresInSeconds } = this.accessTokens.issue({
      userId,
      sessionId,
      name: displayName(session),
      amr: session.amr,
      authTime: session.authTime,
      notAfter: new Date(Math.min(session.expiresAt.getTime(), session.accessExpiresAt.getTime(), idleEnd)),
    });
    return { accessToken: token, accessExpiresInSeconds: expiresInSeconds };
  }
}
