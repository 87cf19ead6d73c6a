import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JwtAlg } from '../../config/config.js';

/**
 * `next`: published, does not sign yet. `active`: signs. `retiring`: published until the last token that it signed has expired.
 * `retired`: verifies nothing; its private half is deleted.
 */
export type KeyStatus = 'next' | 'active' | 'retiring' | 'retired';

/** A sealed signing key. At most one is `active` and one is `next`. */
@Entity('signing_keys')
export class SigningKeyRow {
  /** The JWK thumbprint (RFC 7638). */
  @PrimaryColumn('text')
  kid!: string;

  @Column('text')
  alg!: JwtAlg;

  /** PKCS #8 in DER, or the secret of HS256; sealed with the `kid` as context. */
  @Column('bytea', { name: 'sealed_key', nullable: true })
  sealedKey!: Buffer | null;

  @Column('text')
  status!: KeyStatus;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  /** The time at which the last token of a retiring key expires. */
  @Column('timestamptz', { name: 'published_until', nullable: true })
  publishedUntil!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** The longest `ACCESS_TOKEN_TTL` while it was active, in seconds. */
  @Column('integer', { name: 'longest_ttl' })
  longestTtl!: number;
}
