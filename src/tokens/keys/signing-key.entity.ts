import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JwtAlg } from '../../config/config.js';

/**
 * `next` is published and does not sign yet; `active` signs; `retiring` is published until the last token that it
 * signed has expired; `retired` verifies nothing any more, and its private half is gone.
 */
export type KeyStatus = 'next' | 'active' | 'retiring' | 'retired';

/** A signing key, sealed. There is one `active` and one `next` at the most. */
@Entity('signing_keys')
export class SigningKeyRow {
  /** The JWK thumbprint (RFC 7638). */
  @PrimaryColumn('text')
  kid!: string;

  @Column('text')
  alg!: JwtAlg;

  /** PKCS #8 in DER, or the secret of HS256, sealed under the `kid`. */
  @Column('bytea', { name: 'sealed_key', nullable: true })
  sealedKey!: Buffer | null;

  @Column('text')
  status!: KeyStatus;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  /** Of a retiring key: when the last token that it signed has expired. */
  @Column('timestamptz', { name: 'published_until', nullable: true })
  publishedUntil!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** The longest `ACCESS_TOKEN_TTL` that it has signed under, in seconds. */
  @Column('integer', { name: 'longest_ttl' })
  longestTtl!: number;
}
