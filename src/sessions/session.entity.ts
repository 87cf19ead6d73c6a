import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { User } from '../users/user.entity.js';

export type EndReason =
  | 'logout'
  | 'logged_in_again'
  | 'ended_by_user'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'stepped_up'
  | 'too_many_sessions'
  | 'user_deleted'
  | 'user_disabled'
  | 'token_revoked'
  | 'ended_by_operator'
  | 'email_change_undone'
  | 'address_proved_by_other';

/** How a client carries its session: tokens in the `Authorization` header, or a cookie. */
export type Transport = 'bearer' | 'cookie';

/** A session: what a login starts. */
@Entity('sessions')
export class Session {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id' })
  user?: User;

  @Column('text')
  transport!: Transport;

  /** The number of the current refresh token; the first is 1. */
  @Column('integer')
  generation!: number;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  /** When the user last authenticated in this session: the `auth_time` claim. */
  @Column('timestamptz', { name: 'auth_time' })
  authTime!: Date;

  /** How the user authenticated then, as RFC 8176 values: the `amr` claim. */
  @Column('text', { array: true })
  amr!: string[];

  /** When the current refresh token replaced the previous one. */
  @Column('timestamptz', { name: 'rotated_at', nullable: true })
  rotatedAt!: Date | null;

  /** Sliding: each refresh extends it, but never past `expiresAt`. */
  @Column('timestamptz', { name: 'refresh_expires_at' })
  refreshExpiresAt!: Date;

  /** The absolute end of the session. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When the last access token issued so far expires. A later change of `ACCESS_TOKEN_TTL` has no effect on it. */
  @Column('timestamptz', { name: 'access_expires_at' })
  accessExpiresAt!: Date;

  /** At most one minute out of date. */
  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('text', { name: 'end_reason', nullable: true })
  endReason!: EndReason | null;

  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;
}
