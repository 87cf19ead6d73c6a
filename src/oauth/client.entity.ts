import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A service that may introspect and revoke tokens (RFC 6749 §2.1, confidential). */
@Entity('clients')
export class Client {
  @PrimaryColumn('uuid')
  id!: string;

  /** For people. */
  @Column('text')
  name!: string;

  /** SHA-256 of a secret of 32 random bytes: nothing to guess, so nothing to slow down. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
