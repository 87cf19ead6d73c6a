import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor, AuditDetails, AuditEventType, AuditResult } from './audit-events.js';

/** An event in the audit trail. Rows are never changed, and are deleted once they are older than `AUDIT_RETENTION`. */
@Entity('audit_events')
export class AuditEvent {
  /** A UUIDv7 of `occurredAt`, so the order of the IDs is the order of the events. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;

  @Column('text')
  type!: AuditEventType;

  @Column('text')
  result!: AuditResult;

  /** The user that the event is about. No foreign key, because events are kept after the user is deleted. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text')
  actor!: Actor;

  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  @Column('jsonb', { nullable: true })
  details!: AuditDetails | null;
}
