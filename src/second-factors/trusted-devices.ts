import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { eventParameter, insertEvent } from '../audit/event-row.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { uuidv7 } from '../crypto/uuidv7.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime, interval } from '../database/database-time.js';
import type { ClientContext } from '../http/client-context.js';

/** A device that is not asked for a second factor. */
export interface TrustedDevice {
  id: string;
  createdAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
  /** Whether it is the device of the request. */
  current: boolean;
}

/** A device whose user has just passed a second factor. Device IDs are those of the device cookie, in hexadecimal. */
export interface NewTrust {
  userId: string;
  sessionId: string;
  deviceId: string;
  /** The previous ID of the same device. */
  replaces: string | undefined;
}

/**
 * Locks the user first. An end of all sessions at the same time either removes the new device, or prevents the insert.
 */
const TRUST = `
  WITH trusted AS (
    INSERT INTO trusted_devices (id, user_id, device_id, ip, user_agent, created_at, expires_at)
    SELECT $1, u.id, decode($4, 'hex'), $5, $6, ${databaseTime('$7')}, ${databaseTime('$7')} + ${interval('$8')}
      FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = $2 AND u.has_second_factor AND s.id = $3 AND s.ended_at IS NULL
       FOR KEY SHARE OF u FOR SHARE OF s
    RETURNING id
  ), replaced AS (
    DELETE FROM trusted_devices WHERE user_id = $2 AND device_id = decode($9, 'hex')
  ), event AS (
    ${insertEvent('$10', { from: 'trusted' })}
  ) SELECT id FROM trusted`;

/** $1 user, $2 device, $3 time */
const IS_TRUSTED = `
  SELECT 1 FROM trusted_devices
   WHERE user_id = $1 AND device_id = decode($2, 'hex') AND expires_at > ${databaseTime('$3')}`;

const LIST = `
  SELECT id, created_at AS "createdAt", expires_at AS "expiresAt", ip, user_agent AS "userAgent",
         COALESCE(device_id = decode($2, 'hex'), false) AS current
    FROM trusted_devices WHERE user_id = $1 AND expires_at > ${databaseTime('$3')}
   ORDER BY created_at DESC, id DESC`;

const REMOVE_ONE = `
  WITH removed AS (DELETE FROM trusted_devices WHERE id = $1 AND user_id = $2 RETURNING id),
  event AS (${insertEvent('$3', { from: 'removed' })}) SELECT id FROM removed`;

/** With one event for all. $1 user, $2 the event. Returns a row if there were any. */
const REMOVE_ALL = `
  WITH removed AS (DELETE FROM trusted_devices WHERE user_id = $1 RETURNING id),
  many AS (SELECT jsonb_build_object('devices', count(*)) AS details FROM removed HAVING count(*) > 0),
  event AS (${insertEvent('$2', { from: 'many', set: `jsonb_build_object('details', many.details)` })})
  SELECT details FROM many`;

/** Devices that are not asked for a second factor for `TRUSTED_DEVICE_TTL` (off by default), because their user passed one. */
@Injectable()
export class TrustedDevices implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly cleanup: Cleanup,
    private readonly audit: AuditLog,
  ) {}

  onModuleInit(): void {
    this.cleanup.of({
      table: 'trusted_devices',
      key: 'id',
      which: `AND expires_at <= ${databaseTime('$1')} ORDER BY expires_at`,
      parameters: () => [this.clock.databaseTime()],
    });
  }

  get enabled(): boolean {
    return this.config.mfa !== 'off' && this.config.trustedDeviceTtl !== undefined;
  }

  async has(userId: string, deviceId: string): Promise<boolean> {
    if (!this.enabled) return false;
    const rows: unknown[] = await this.database.query(IS_TRUSTED, [userId, deviceId, this.clock.databaseTime()]);
    return rows.length === 1;
  }

  /** Does nothing if the session has ended or the user has no second factor any more. */
  async add({ userId, sessionId, deviceId, replaces }: NewTrust, client: ClientContext): Promise<void> {
    const event = this.audit.event('trusted_device.added', { userId, sessionId, client });
    const rows: unknown[] = await this.database.query(TRUST, [
      uuidv7(this.clock.now()),
      userId,
      sessionId,
      deviceId,
      client.ip,
      client.userAgent?.slice(0, 512) ?? null,
      this.clock.databaseTime(),
      this.config.trustedDeviceTtl,
      replaces ?? null,
      eventParameter(event),
    ]);
    if (rows.length === 1) this.audit.log(event);
  }

  /** Lists the trusted devices of a user, newest first. @param current the device of the request */
  async list(userId: string, current: string | undefined): Promise<TrustedDevice[]> {
    return await this.database.query(LIST, [userId, current ?? null, this.clock.databaseTime()]);
  }

  /** @returns false if the user has no such device */
  async remove(userId: string, id: string, by: { sessionId: string; client: ClientContext }): Promise<boolean> {
    if (!isUuid(id)) return false;
    const event = this.audit.event('trusted_device.removed', { userId, ...by });
    const rows: unknown[] = await this.database.query(REMOVE_ONE, [id, userId, eventParameter(event)]);
    if (rows.length === 1) this.audit.log(event);
    return rows.length === 1;
  }
}

/**
 * Ends the trust in all devices of the user of an event, in the transaction that makes it obsolete.
 *
 * @param event `trusted_device.removed`
 * @returns the event as stored, to be logged after the commit; undefined if there was no such device
 */
export async function removeTrustedDevices(manager: EntityManager, event: AuditEvent): Promise<AuditEvent | undefined> {
  const [removed]: Pick<AuditEvent, 'details'>[] = await manager.query(REMOVE_ALL, [
    event.userId,
    eventParameter(event),
  ]);
  return removed && { ...event, ...removed };
}
