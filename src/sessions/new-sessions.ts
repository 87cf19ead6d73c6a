import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { ClientContext } from '../http/client-context.js';
import { insertEntry } from '../outbox/outbox-rows.js';
import { hasStamp } from '../users/proof-stamp.js';
import type { User } from '../users/user.entity.js';
import { Revocations } from './revocation/revocations.js';
import { Session, type Transport } from './session.entity.js';
import { SessionRevoked } from './session.errors.js';
import { ISSUING_MS, type LiveSession } from './session-statements.js';

/** Who has authenticated, how (RFC 8176 values) and when. */
export interface Authentication {
  user: User;
  amr: readonly string[];
  at: Date;
}

/** This many logins of one user may be in progress at once, on all instances, without seeing each other. */
const UNSEEN_LOGINS = 50;

/** Not the first session of the user, and the first from this address by this program. */
const IS_NEW_DEVICE = `EXISTS (SELECT FROM sessions o WHERE o.user_id = $2)
  AND NOT EXISTS (SELECT FROM sessions o WHERE o.user_id = $2 AND o.ip = $7 AND o.user_agent IS NOT DISTINCT FROM $8)`;

/** The lock waits for a change of the user that is in progress; the condition is then evaluated again. */
const start = ({ from, and, locking }: Record<'from' | 'and' | 'locking', string>) => `
  WITH started AS (
    INSERT INTO sessions
      (id, user_id, transport, generation, started_at, last_seen_at, refresh_expires_at, expires_at,
       access_expires_at, ip, user_agent, auth_time, amr)
    SELECT $1, u.id, $10, 1, $3, $3, $4, $5, $6, $7, $8, $11, $12::text[] FROM ${from}
     WHERE u.id = $2 AND u.disabled_at IS NULL AND ${hasStamp('$9')} AND ${and}
       FOR KEY SHARE OF ${locking}
    RETURNING user_id,
      (SELECT count(*) FROM sessions o WHERE o.user_id = $2 AND o.ended_at IS NULL AND o.expires_at > $3) AS others
  ), event AS (
    ${insertEvent('$13', { from: 'started' })}
  ), notice AS (
    ${insertEntry('$14', `SELECT FROM started WHERE $14::jsonb IS NOT NULL AND ${IS_NEW_DEVICE}`)}
  ) SELECT others FROM started`;

/** $15 whether the user must have no second factor. */
const START = start({ from: 'users u', and: 'NOT ($15::boolean AND u.has_second_factor)', locking: 'u' });

/** $15 a device ID. The lock sees it if the trust ends meanwhile. */
const START_ON_TRUSTED_DEVICE = start({
  from: 'users u JOIN trusted_devices t ON t.user_id = u.id',
  and: `t.device_id = decode($15, 'hex') AND t.expires_at > $3`,
  locking: 'u, t',
});

interface StartOptions {
  /** Starts no session if the user has a second factor by now: the authentication lacks it. */
  requireNoSecondFactor: boolean;
  /** Starts no session if this device is no longer trusted by the user. */
  requireTrustedDevice?: string | undefined;
  /** An entry of the outbox, added if the user has never used this program at this address before. */
  newDevice: string | undefined;
}

/** The user of a renewed session has proved what is needed. */
const RENEWAL: StartOptions = { requireNoSecondFactor: false, newDevice: undefined };

/** The only code that inserts sessions. The import rules allow only `SignIn` to use it. */
@Injectable()
export class NewSessions {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly revocations: Revocations,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Starts a session. The user's oldest sessions beyond `MAX_SESSIONS_PER_USER` end.
   *
   * @throws SessionRevoked if the user was deleted or disabled, or a credential or second factor changed, since the user was read
   */
  async start(
    authentication: Authentication,
    client: ClientContext,
    transport: Transport,
    options: StartOptions,
  ): Promise<LiveSession> {
    const { user } = authentication;
    const { manager } = this.sessions;
    const { session, event, others } = await this.#insert(manager, authentication, client, transport, 'login', options);
    this.audit.log(event);
    // Concurrent logins do not see each other in this count, so it only decides whether to look.
    const limit = this.config.maxSessionsPerUser;
    if (others + UNSEEN_LOGINS > limit) await this.revocations.revokeExcess(user.id, limit);
    return session;
  }

  /**
   * Starts the successor of a cookie session, within the transaction that ends all other sessions of the user.
   *
   * @returns the session, and a function that writes the log line of its event: call it once the transaction has committed
   * @throws SessionRevoked as {@link start}
   */
  async renew(
    manager: EntityManager,
    authentication: Authentication,
    client: ClientContext,
  ): Promise<{ session: LiveSession; log: () => void }> {
    const { session, event } = await this.#insert(manager, authentication, client, 'cookie', 'session.renewed');
    return { session, log: () => this.audit.log(event) };
  }

  async #insert(
    manager: EntityManager,
    authentication: Authentication,
    client: ClientContext,
    transport: Transport,
    type: 'login' | 'session.renewed',
    { requireNoSecondFactor, requireTrustedDevice, newDevice }: StartOptions = RENEWAL,
  ): Promise<{ session: LiveSession; event: AuditEvent; others: number }> {
    const { user } = authentication;
    const startedAt = this.clock.date();
    const session = this.#newSession(authentication, startedAt, transport);
    const event = this.audit.event(type, {
      userId: user.id,
      sessionId: session.id,
      client,
      details: { transport },
    });
    const sql = requireTrustedDevice === undefined ? START : START_ON_TRUSTED_DEVICE;
    const [inserted]: { others: string }[] = await manager.query(sql, [
      session.id,
      user.id,
      startedAt,
      session.refreshExpiresAt,
      session.expiresAt,
      session.accessExpiresAt,
      client.ip,
      client.userAgent?.slice(0, 512) ?? null,
      user.credentialsChangedAt,
      transport,
      session.authTime,
      session.amr,
      eventParameter(event),
      newDevice ?? null,
      requireTrustedDevice ?? requireNoSecondFactor,
    ]);
    if (inserted === undefined) throw new SessionRevoked({ tokenPresented: false });
    return { session, event, others: Number(inserted.others) };
  }

  #newSession({ user, amr, at }: Authentication, startedAt: Date, transport: Transport): LiveSession {
    const now = startedAt.getTime();
    const { refreshTokenTtl, sessionTtl, accessTokenTtl } = this.config;
    return {
      id: uuidv7(now),
      userId: user.id,
      generation: 1,
      amr: [...amr],
      authTime: at,
      // A cookie is not refreshed: its idle timeout depends on when the session was last seen.
      refreshExpiresAt: new Date(now + (transport === 'cookie' ? sessionTtl : Math.min(refreshTokenTtl, sessionTtl))),
      expiresAt: new Date(now + sessionTtl),
      accessExpiresAt: new Date(now + (transport === 'cookie' ? 0 : accessTokenTtl + ISSUING_MS)),
      username: user.username,
      email: user.email,
    };
  }
}
