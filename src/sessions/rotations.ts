import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { GroupCommit } from '../database/group-commit.js';
import { BatchConnections } from '../database/reserved-connections.js';
import type { ClientContext } from '../http/client-context.js';
import type { RefreshTokenContent } from './refresh-token.js';
import {
  ISSUING_MS,
  type LiveSession,
  ROTATE,
  ROTATE_AND_RECORD,
  ROTATE_EACH,
  ROTATE_EACH_AND_RECORD,
} from './session-statements.js';

/** A refresh token to rotate. */
interface Rotation extends RefreshTokenContent {
  /** Undefined unless refreshes are recorded. */
  event: AuditEvent | undefined;
}

/** `locked`: another transaction has locked the session, or an earlier rotation of the same batch named it. */
type Outcome = LiveSession | 'did not rotate' | 'locked';

type EachRow = { freeId: string } & (LiveSession | { id: null });

/** Rotates refresh tokens. Concurrent rotations share statements. */
@Injectable()
export class Rotations {
  readonly #group: GroupCommit<Rotation, Outcome>;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly batches: BatchConnections,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {
    this.#group = new GroupCommit({
      together: (rotations) => this.#rotateEach(rotations),
      alone: (rotation) => this.#rotateOne(rotation),
    });
  }

  /**
   * Rotates a refresh token if it is the current one of a live session, so only one of several concurrent requests with the
   * same token succeeds.
   *
   * @returns the session, or undefined if the token did not rotate
   * @throws Unavailable if the database does not respond in time
   */
  async rotate(
    { sessionId, generation }: RefreshTokenContent,
    client: ClientContext,
  ): Promise<LiveSession | undefined> {
    const event = this.config.auditRefresh === 'on' ? this.audit.event('refresh', { sessionId, client }) : undefined;
    const rotation = { sessionId, generation, event };
    let outcome = await this.#group.submit(rotation);
    if (outcome === 'locked') outcome = await this.#rotateOne(rotation);
    if (typeof outcome === 'string') return undefined;
    if (event) this.audit.log({ ...event, userId: outcome.userId });
    return outcome;
  }

  async #rotateEach(rotations: readonly Rotation[]): Promise<Outcome[]> {
    // The statement can name a session only once. Later rotations of the same session run alone.
    const first = new Map<string, Rotation>();
    for (const one of rotations) if (!first.has(one.sessionId)) first.set(one.sessionId, one);
    const asked = [...first.values()];
    const rows = await this.batches.query<EachRow>(
      this.config.auditRefresh === 'on' ? ROTATE_EACH_AND_RECORD : ROTATE_EACH,
      [
        asked.map(({ sessionId }) => sessionId),
        asked.map(({ generation }) => generation),
        ...this.#times(),
        asked.map(({ event }) => (event ? eventParameter(event) : null)),
      ],
    );
    const found = new Map(rows.map((row) => [row.freeId, row]));
    return rotations.map((rotation) => {
      const row = first.get(rotation.sessionId) === rotation ? found.get(rotation.sessionId) : undefined;
      if (row === undefined) return 'locked';
      return row.id === null ? 'did not rotate' : row;
    });
  }

  async #rotateOne({ sessionId, generation, event }: Rotation): Promise<Outcome> {
    const parameters = [sessionId, generation, ...this.#times()];
    const [session]: LiveSession[] = event
      ? await this.database.query(ROTATE_AND_RECORD, [...parameters, eventParameter(event)])
      : await this.database.query(ROTATE, parameters);
    return session ?? 'did not rotate';
  }

  /** The parameters $3 to $5 of a rotation. */
  #times(): [Date | null, number, Date] {
    const { accessTokenTtl, refreshGrace, refreshTokenTtl } = this.config;
    // A retry in the grace window issues another access token without a write.
    const lastExpiry = new Date(this.clock.now() + refreshGrace + accessTokenTtl + ISSUING_MS);
    return [this.clock.databaseTime(), refreshTokenTtl, lastExpiry];
  }
}
