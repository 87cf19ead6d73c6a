import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A service that may introspect and revoke tokens: a confidential client (RFC 6749 §2.1). */
@Entity('clients')
export class Client {
  @PrimaryColumn('uuid')
  id!: string;

  /** A name for people. */
  @Column('text')
  name!: string;

  /** SHA-256 of a secret of 32 random bytes, which can't be guessed, so a slow hash is not needed. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
