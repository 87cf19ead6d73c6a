import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Language } from '../problems/language.js';

/** A person who can log in. The `…_key` columns are the normalized names, which are unique (see identifier.ts). */
@Entity('users')
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { nullable: true })
  username!: string | null;

  @Column('text', { name: 'username_key', nullable: true })
  usernameKey!: string | null;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('text', { name: 'email_key', nullable: true })
  emailKey!: string | null;

  @Column('boolean', { name: 'email_verified' })
  emailVerified!: boolean;

  /** The language of mails. */
  @Column('text')
  language!: Language;

  /** A self-describing hash (see passwords/). If null, the user can't log in with a password. */
  @Column('text', { name: 'password_hash', nullable: true, select: false })
  passwordHash?: string | null;

  /** Whether a sign-in needs a second factor. The transactions that add and remove factors keep it up to date. */
  @Column('boolean', { name: 'has_second_factor' })
  hasSecondFactor!: boolean;

  /** Since when the user is disabled and can't log in or refresh; null if they are not. */
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** The stamp by which a transaction checks that a proof is still valid; see proof-stamp.ts. */
  @Column('timestamptz', { name: 'credentials_changed_at' })
  credentialsChangedAt!: Date;
}

/** The name in tokens and on pages: the username, or the email if there is none. */
export function displayName(user: Pick<User, 'username' | 'email'>): string {
  return user.username ?? (user.email as string);
}
