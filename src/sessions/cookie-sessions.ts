import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { ChangeFeed } from '../database/feed/change-feed.js';
import { ApproximateLruCache } from '../tokens/approximate-lru-cache.js';
import { displayName } from '../users/user.entity.js';
import { LastSeen } from './last-seen.js';
import { Revocations } from './revocation/revocations.js';
import { SessionExpired, SessionInvalid, SessionRevoked } from './session.errors.js';
import { SessionCookieCodec } from './session-cookie.js';

/** A session whose cookie was valid at the last database query. */
export interface CookieSession {
  sessionId: string;
  userId: string;
  name: string;
  amr: readonly string[];
  /** Seconds since the epoch. */
  authTime: number;
  /** The absolute end of the session, in milliseconds since the epoch. */
  expiresAt: number;
}

interface CachedSession extends CookieSession {
  /** Milliseconds since the epoch. Until then no query is needed. */
  queryAgainAt: number;
}

interface Row {
  userId: string;
  username: string | null;
  email: string | null;
  amr: string[];
  authTime: Date;
  expiresAt: Date;
  endedAt: Date | null;
  disabledAt: Date | null;
  lastSeenAt: Date;
}

/** Verifies session cookies, with a short-lived cache in memory. */
@Injectable()
export class CookieSessions {
  readonly codec: SessionCookieCodec;
  readonly #cache: ApproximateLruCache<CachedSession>;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly revocations: Revocations,
    private readonly lastSeen: LastSeen,
    private readonly feed: ChangeFeed,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    this.codec = new SessionCookieCodec(config);
    this.#cache = new ApproximateLruCache(config.tokenCacheSize);
  }

  /**
   * Returns the session of a valid cookie. Each instance queries the database once per minute and cookie, or every quarter
   * of `SESSION_IDLE_TTL` if that is shorter. Revocations arrive by the change feed.
   *
   * @throws SessionInvalid, SessionExpired, SessionRevoked; Unavailable
   */
  async verify(value: string): Promise<CookieSession> {
    if (this.feed.isStale) await this.feed.ensureFresh();
    let session = this.#cache.get(value);
    if (session === undefined || this.clock.now() >= session.queryAgainAt) {
      session = await this.#query(value);
      this.#cache.set(value, session);
    }
    if (this.revocations.has(session.sessionId)) throw new SessionRevoked({ tokenPresented: false });
    if (this.clock.now() >= session.expiresAt) throw new SessionExpired();
    this.lastSeen.note(session.sessionId);
    return session;
  }

  /** Returns the session ID of a genuine cookie, also if the session has ended. @throws SessionInvalid */
  sessionOf(value: string): string {
    const sessionId = this.codec.decode(value);
    if (sessionId === undefined) throw new SessionInvalid();
    return sessionId;
  }

  async #query(value: string): Promise<CachedSession> {
    const sessionId = this.sessionOf(value);
    const [row]: Row[] = await this.database.query(
      `SELECT s.user_id AS "userId", u.username, u.email, s.amr, s.auth_time AS "authTime", s.expires_at AS "expiresAt", s.ended_at AS "endedAt",
              s.last_seen_at AS "lastSeenAt", u.disabled_at AS "disabledAt"
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1 AND s.transport = 'cookie'`,
      [sessionId],
    );
    if (!row || row.endedAt !== null || row.disabledAt !== null) throw new SessionRevoked({ tokenPresented: false });
    const now = this.clock.now();
    const lastSeen = Math.max(row.lastSeenAt.getTime(), this.lastSeen.of(sessionId) ?? 0);
    if (now >= row.expiresAt.getTime() || now >= lastSeen + this.config.sessionIdleTtl) throw new SessionExpired();
    return {
      sessionId,
      userId: row.userId,
      name: displayName(row),
      amr: row.amr,
      authTime: Math.floor(row.authTime.getTime() / 1000),
      expiresAt: row.expiresAt.getTime(),
      queryAgainAt: now + this.lastSeen.intervalMs,
    };
  }
}
