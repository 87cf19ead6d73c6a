import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person who can log in. `…_key` columns are the folded forms that are unique (see identifier.ts). */
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

  /** A self-describing hash (see passwords/), or null: then no password logs this user in. */
  @Column('text', { name: 'password_hash', nullable: true, select: false })
  passwordHash?: string | null;

  /** Since when the user can't log in or refresh, if so. */
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** The stamp that a proof of this user carries into the transaction of a change: see proof-stamp.ts. */
  @Column('timestamptz', { name: 'credentials_changed_at' })
  credentialsChangedAt!: Date;
}

/** The name that tokens and pages show: the username, else the email. */
export function displayName(user: Pick<User, 'username' | 'email'>): string {
  return user.username ?? (user.email as string);
}
