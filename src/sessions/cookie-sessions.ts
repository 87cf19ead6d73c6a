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

/** A cookie that was good when the database was last asked about it. */
export interface CookieSession {
  sessionId: string;
  userId: string;
  name: string;
  amr: readonly string[];
  /** Seconds since the epoch. */
  authTime: number;
  /** Milliseconds since the epoch: the end that no use puts off. */
  expiresAt: number;
}

interface Remembered extends CookieSession {
  /** Milliseconds since the epoch: until then the memory will do. */
  askAgainAt: number;
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

/** Sessions that a cookie carries: judged from memory while they are in use, with a look into the database now and then. */
@Injectable()
export class CookieSessions {
  readonly codec: SessionCookieCodec;
  readonly #remembered: ApproximateLruCache<Remembered>;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly revocations: Revocations,
    private readonly lastSeen: LastSeen,
    private readonly feed: ChangeFeed,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    this.codec = new SessionCookieCodec(config);
    this.#remembered = new ApproximateLruCache(config.tokenCacheSize);
  }

  /**
   * The session of a cookie that is good now. The database is asked where this instance has not asked about it for a
   * minute (or a quarter of `SESSION_IDLE_TTL`); that a session ended is heard by the feed.
   *
   * @throws SessionInvalid, SessionExpired, SessionRevoked; Unavailable
   */
  async verify(value: string): Promise<CookieSession> {
    if (this.feed.isStale) await this.feed.ensureFresh();
    let session = this.#remembered.get(value);
    if (session === undefined || this.clock.now() >= session.askAgainAt) {
      session = await this.#ask(value);
      this.#remembered.set(value, session);
    }
    if (this.revocations.has(session.sessionId)) throw new SessionRevoked({ tokenPresented: false });
    if (this.clock.now() >= session.expiresAt) throw new SessionExpired();
    this.lastSeen.note(session.sessionId);
    return session;
  }

  /** The session that a genuine cookie belongs to, whatever became of it. @throws SessionInvalid */
  sessionOf(value: string): string {
    const sessionId = this.codec.decode(value);
    if (sessionId === undefined) throw new SessionInvalid();
    return sessionId;
  }

  async #ask(value: string): Promise<Remembered> {
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
      askAgainAt: now + this.lastSeen.intervalMs,
    };
  }
}
