import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter } from '../audit/event-row.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { ClientContext } from '../http/client-context.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { displayName, type User } from '../users/user.entity.js';
import { RefreshTokenCodec, type RefreshTokenContent } from './refresh-token.js';
import { Revocations } from './revocation/revocations.js';
import { Session, type Transport } from './session.entity.js';
import { SessionRevoked } from './session.errors.js';
import { type LiveSession, RETRY, type RetryFacts, ROTATE, ROTATE_AND_RECORD, START } from './session-statements.js';
import { RefreshTokenExpired, RefreshTokenInvalid, RefreshTokenReused } from './sessions.errors.js';

export interface IssuedTokens {
  accessToken: string;
  accessExpiresInSeconds: number;
  refreshToken: string;
  refreshExpiresInSeconds: number;
}

/** So many logins of one user may be under way at once, on all instances, without seeing each other. */
const UNSEEN_LOGINS = 50;

/** Between the statement and the token made after it, time goes by: a token is cut short only where that takes longer. */
const ISSUING_MS = 5000;

/** Starts and refreshes sessions. Knows no HTTP, and not what kind of credential began a session. */
@Injectable()
export class SessionsService {
  readonly #refreshTokens: RefreshTokenCodec;

  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
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

  /**
   * Begins a session for a user who has just proved who they are. The oldest ones that are then more than
   * `MAX_SESSIONS_PER_USER` end.
   *
   * @throws SessionRevoked where the user was deleted, disabled or given another password since they were read
   */
  async start(user: User, caller: ClientContext, transport: Transport): Promise<LiveSession> {
    const { session, event, others } = await this.#insert(this.sessions.manager, user, caller, transport, 'login');
    this.audit.log(event);
    // Logins at the same time do not see each other in that count, so it only tells when to look.
    const limit = this.config.maxSessionsPerUser;
    if (others + UNSEEN_LOGINS > limit) await this.revocations.revokeExcess(user.id, limit);
    return session;
  }

  /**
   * Begins a session as the successor of a cookie session, within the transaction that ends all others of the user.
   *
   * @returns the session, and `log`, which writes the log line of its event: call it once the transaction has committed
   * @throws SessionRevoked as {@link start}
   */
  async renew(
    manager: EntityManager,
    user: User,
    caller: ClientContext,
  ): Promise<{ session: LiveSession; log: () => void }> {
    const { session, event } = await this.#insert(manager, user, caller, 'cookie', 'session.renewed');
    return { session, log: () => this.audit.log(event) };
  }

  async #insert(
    manager: EntityManager,
    user: User,
    caller: ClientContext,
    transport: Transport,
    type: 'login' | 'session.renewed',
  ): Promise<{ session: LiveSession; event: AuditEvent; others: number }> {
    const session = this.#newSession(user, transport);
    const details = { transport };
    const event = this.audit.event(type, { userId: user.id, sessionId: session.id, client: caller, details });
    const [inserted]: { others: string }[] = await manager.query(START, [
      session.id,
      user.id,
      session.authTime,
      session.refreshExpiresAt,
      session.expiresAt,
      session.accessExpiresAt,
      caller.ip ?? null,
      caller.userAgent?.slice(0, 512) ?? null,
      user.updatedAt,
      transport,
      eventParameter(event),
    ]);
    if (inserted === undefined) throw new SessionRevoked({ tokenPresented: false });
    return { session, event, others: Number(inserted.others) };
  }

  /** Whether a session has not ended, as of the transaction. */
  async isLive(manager: EntityManager, { sessionId, userId }: { sessionId: string; userId: string }): Promise<boolean> {
    const rows: unknown[] = await manager.query(
      'SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL',
      [sessionId, userId],
    );
    return rows.length === 1;
  }

  #newSession(user: User, transport: Transport): LiveSession {
    const now = this.clock.now();
    const { refreshTokenTtl, sessionTtl, accessTokenTtl } = this.config;
    return {
      id: uuidv7(now),
      userId: user.id,
      generation: 1,
      authTime: new Date(now),
      // A cookie is not refreshed: its idle time is judged by when it was last seen.
      refreshExpiresAt: new Date(now + (transport === 'cookie' ? sessionTtl : Math.min(refreshTokenTtl, sessionTtl))),
      expiresAt: new Date(now + sessionTtl),
      accessExpiresAt: new Date(now + (transport === 'cookie' ? 0 : accessTokenTtl + ISSUING_MS)),
      username: user.username,
      email: user.email,
    };
  }

  /**
   * Takes a refresh token for its successor. A retry with the same token within `REFRESH_GRACE` gets the same
   * successor, byte for byte, as long as that has not been used itself; anything older ends the session.
   *
   * @throws RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenReused, SessionRevoked
   */
  async refresh(token: string, caller: ClientContext): Promise<IssuedTokens> {
    const presented = this.#refreshTokens.decode(token);
    if (presented === undefined) throw new RefreshTokenInvalid();
    const session = (await this.#rotate(presented, caller)) ?? (await this.#retry(presented, caller));
    return this.issue(session);
  }

  /** The session that a genuine refresh token belongs to, whatever became of either. @throws RefreshTokenInvalid */
  sessionOf(refreshToken: string): string {
    const content = this.#refreshTokens.decode(refreshToken);
    if (content === undefined) throw new RefreshTokenInvalid();
    return content.sessionId;
  }

  /** The one statement that rotates: of any number of callers with one token, it answers one. */
  async #rotate(
    { sessionId, generation }: RefreshTokenContent,
    caller: ClientContext,
  ): Promise<LiveSession | undefined> {
    const { accessTokenTtl, auditRefresh, refreshGrace, refreshTokenTtl } = this.config;
    const event = auditRefresh === 'on' ? this.audit.event('refresh', { sessionId, client: caller }) : undefined;
    const [session]: LiveSession[] = await this.sessions.query(event ? ROTATE_AND_RECORD : ROTATE, [
      sessionId,
      generation,
      this.clock.databaseTime(),
      refreshTokenTtl,
      // A retry inside the grace window gets an access token too, and writes nothing.
      new Date(this.clock.now() + refreshGrace + accessTokenTtl + ISSUING_MS),
      ...(event ? [eventParameter(event)] : []),
    ]);
    if (session && event) this.audit.log({ ...event, userId: session.userId });
    return session;
  }

  /** Why a token did not rotate: refusals first, then the retry that gets the successor again. */
  async #retry({ sessionId, generation }: RefreshTokenContent, caller: ClientContext): Promise<LiveSession> {
    const [session]: (LiveSession & RetryFacts)[] = await this.sessions.query(RETRY, [
      sessionId,
      this.clock.databaseTime(),
      this.config.refreshGrace,
    ]);
    if (!session) throw new SessionRevoked();
    const concerned = { userId: session.userId, sessionId, client: caller };
    if (session.isOver || session.isExpired) {
      const Refusal = session.isOver ? SessionRevoked : RefreshTokenExpired;
      await this.repeated.recordRefusal('refresh', { ...concerned, details: { code: Refusal.code } });
      throw new Refusal();
    }
    // A generation that is yet to come: the database was restored from an older backup. Nobody stole it.
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

  /** The tokens of a session that has just begun or been refreshed. */
  issue(session: LiveSession): IssuedTokens {
    const { token, expiresInSeconds } = this.accessTokens.issue({
      userId: session.userId,
      sessionId: session.id,
      name: displayName(session),
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
