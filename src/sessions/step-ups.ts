import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { ClientContext } from '../http/client-context.js';
import type { User } from '../users/user.entity.js';
import { ISSUING_MS, type LiveSession, STEP_UP } from './session-statements.js';

/** What a user has proved again in a session. */
export interface NewAuthentication {
  user: User;
  sessionId: string;
  /** RFC 8176 values. */
  amr: readonly string[];
  /** Whether `amr` adds to the methods of the session. Otherwise it replaces them. */
  adds: boolean;
  at: Date;
  /** For the audit trail. */
  method: string;
}

/** Stores that the user of a bearer session has authenticated again. */
@Injectable()
export class StepUps {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Sets `auth_time` and `amr` in one statement. The refresh token stays the same: if the client never gets the response, its
   * tokens still work.
   *
   * @returns undefined if the session has ended, or the user is disabled or their credentials changed since the proof
   */
  async record(authentication: NewAuthentication, client: ClientContext): Promise<LiveSession | undefined> {
    const { user, sessionId, amr, adds, at, method } = authentication;
    const event = this.audit.event('step_up', { userId: user.id, sessionId, client, details: { method } });
    const [session]: LiveSession[] = await this.database.query(STEP_UP, [
      sessionId,
      user.id,
      this.clock.databaseTime(),
      at,
      amr,
      adds,
      new Date(this.clock.now() + this.config.accessTokenTtl + ISSUING_MS),
      user.credentialsChangedAt,
      eventParameter(event),
    ]);
    if (session !== undefined) this.audit.log(event);
    return session;
  }
}
