import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { StartRefused } from '../config/start-refused.js';
import { type PublicJwk, publicJwk, thumbprint } from './jwk.js';
import { Sealing, UnsealFailed } from './sealing.js';
import { SigningKeyRow } from './signing-key.entity.js';

const ALG = 'ES256';

export interface SigningKey {
  kid: string;
  alg: typeof ALG;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** The keys that sign and verify access tokens, unsealed and in memory. */
@Injectable()
export class SigningKeys implements OnModuleInit {
  readonly #byKid = new Map<string, SigningKey>();
  #active!: SigningKey;

  constructor(
    @InjectRepository(SigningKeyRow) private readonly rows: Repository<SigningKeyRow>,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
  ) {}

  /** Loads the keys, and makes the first one at the first start. @throws StartRefused under a wrong secret */
  async onModuleInit(): Promise<void> {
    if (!(await this.rows.existsBy({ status: 'active' }))) await this.#generate();
    for (const row of await this.rows.find()) {
      const key = this.#open(row);
      this.#byKid.set(key.kid, key);
      if (row.status === 'active') this.#active = key;
    }
  }

  /** The key that new tokens are signed with. */
  get active(): SigningKey {
    return this.#active;
  }

  find(kid: string): SigningKey | undefined {
    return this.#byKid.get(kid);
  }

  /** The JWK Set that others verify with (RFC 7517 §5). */
  publicKeys(): { keys: PublicJwk[] } {
    return { keys: [...this.#byKid.values()].map(({ publicKey, alg, kid }) => publicJwk(publicKey, alg, kid)) };
  }

  async #generate(): Promise<void> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = thumbprint(privateKey);
    const sealedKey = this.sealing.seal(privateKey.export({ format: 'der', type: 'pkcs8' }), kid);
    // Of instances that start together, the unique index lets one have its key; the others take that one.
    await this.rows
      .createQueryBuilder()
      .insert()
      .values({ kid, alg: ALG, sealedKey, status: 'active', createdAt: this.clock.date() })
      .orIgnore()
      .execute();
  }

  #open({ kid, sealedKey }: SigningKeyRow): SigningKey {
    try {
      const privateKey = createPrivateKey({ key: this.sealing.unseal(sealedKey, kid), format: 'der', type: 'pkcs8' });
      return { kid, alg: ALG, privateKey, publicKey: createPublicKey(privateKey) };
    } catch (error) {
      if (!(error instanceof UnsealFailed)) throw error;
      throw new StartRefused(
        'PORTERO_SECRET (or the secret file in DATA_DIR) is not the secret that sealed the signing keys in this database; start with that one. Nothing was changed',
        { cause: error },
      );
    }
  }
}
