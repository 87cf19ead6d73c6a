import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { ListConnections } from '../database/reserved-connections.js';
import type { ClientContext } from '../http/client-context.js';
import { LastSeen } from './last-seen.js';
import { liveSessions, type SessionView } from './live-sessions.js';
import { Revocations } from './revocation/revocations.js';
import { SessionNotFound } from './sessions.errors.js';

/** Lists and ends sessions on behalf of their user. */
@Injectable()
export class UserSessions {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly lists: ListConnections,
    private readonly revocations: Revocations,
    private readonly lastSeen: LastSeen,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Lists the live sessions of a user, newest first. */
  async list(userId: string): Promise<SessionView[]> {
    return await liveSessions(this.lists, userId, {
      now: this.clock.now(),
      sessionIdleTtl: this.config.sessionIdleTtl,
      seenAt: (id) => this.lastSeen.of(id),
    });
  }

  /** Ends one session of a user. Idempotent. @throws SessionNotFound, also for a session of another user */
  async end(userId: string, sessionId: string, by?: ClientContext): Promise<void> {
    const ownId = isUuid(sessionId) && (await this.#ownId(userId, sessionId));
    if (!ownId) throw new SessionNotFound();
    await this.revocations.revoke(ownId, 'ended_by_user', by);
  }

  /** Ends all sessions of a user except `keep`. */
  async endAll(userId: string, keep?: string, by?: ClientContext): Promise<void> {
    await this.revocations.revokeAll(userId, 'ended_by_user', { keep, by });
  }

  /** Returns the ID in the spelling of the database, undefined if it is not the ID of a session of the user. */
  async #ownId(userId: string, sessionId: string): Promise<string | undefined> {
    const [session]: { id: string }[] = await this.database.query(
      'SELECT id FROM sessions WHERE id = $1 AND user_id = $2',
      [sessionId, userId],
    );
    return session?.id;
  }
}
