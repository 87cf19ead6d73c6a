import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A private key, sealed. One is `active` and signs; tokens of the others are still verified. */
@Entity('signing_keys')
export class SigningKeyRow {
  /** The JWK thumbprint (RFC 7638). */
  @PrimaryColumn('text')
  kid!: string;

  @Column('text')
  alg!: string;

  /** PKCS #8 in DER, sealed under the `kid`. */
  @Column('bytea', { name: 'sealed_key' })
  sealedKey!: Buffer;

  @Column('text')
  status!: 'active' | 'retired';

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
