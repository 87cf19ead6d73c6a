import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import { StartError } from '../../config/start-error.js';
import { Sealing, UnsealFailed } from '../../crypto/sealing.js';
import { ChangeFeed } from '../../database/feed/change-feed.js';
import type { Query } from '../../database/feed/feed-connection.js';
import { type PublicJwk, publicJwk } from './jwk.js';
import { InvalidKey } from './key-file.js';
import type { SigningKeyRow } from './signing-key.entity.js';
import { NextKeyTooNew } from './signing-key.errors.js';
import { SigningKeyStore, type StoredKey } from './signing-key-store.js';

const RESEAL_EVERY_MS = 3_600_000;

/** The signing keys, unsealed in memory; at most one second behind the database. */
@Injectable()
export class SigningKeys implements OnModuleInit, OnApplicationBootstrap {
  readonly #store: SigningKeyStore;
  readonly #logger = new Logger(SigningKeys.name);
  #byKid = new Map<string, StoredKey>();
  #active!: StoredKey;
  /** `JWT_ALG` was changed, so the keys are rotated as soon as possible. */
  #algChanged = false;
  /** Unusable keys that have been logged. */
  readonly #unusable = new Set<string>();
  #maintaining = false;
  #resealAt = 0;
  #onForgotten: () => void = () => {};

  constructor(
    @InjectDataSource() dataSource: DataSource,
    sealing: Sealing,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly feed: ChangeFeed,
    audit: AuditLog,
  ) {
    this.#store = new SigningKeyStore(dataSource.manager, sealing, clock, config, { audit, actor: 'system' });
  }

  /** @throws StartError if the secret is wrong, before anything is changed */
  async onModuleInit(): Promise<void> {
    this.#load(await this.#store.list());
  }

  /** Creates the keys at the first start. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#store.prepare();
    this.#load(await this.#store.list());
    this.#algChanged = this.#active.alg !== this.config.jwtAlg;
    this.feed.follow({ name: 'signing keys', required: true, read: (query) => this.#read(query) });
  }

  /** The key that new tokens are signed with. */
  get active(): StoredKey {
    return this.#active;
  }

  /** The key for verifying tokens with this `kid`, if it is valid now. No I/O. */
  find(kid: string | undefined): StoredKey | undefined {
    const key = this.#byKid.get(kid ?? '');
    return key && (key.publishedUntil === null || key.publishedUntil.getTime() > this.clock.now()) ? key : undefined;
  }

  /** Calls back synchronously when a key has been removed. */
  onForgotten(callback: () => void): void {
    this.#onForgotten = callback;
  }

  /** The JWK Set (RFC 7517 §5). It never contains HS256 secrets. */
  publicKeys(): { keys: PublicJwk[] } {
    const published = [...this.#byKid.values()].filter(({ kid, alg }) => alg !== 'HS256' && this.find(kid));
    return { keys: published.map(({ publicKey, alg, kid }) => publicJwk(publicKey, alg, kid)) };
  }

  async #read(query: Query): Promise<void> {
    const rows = await query<SigningKeyRow>(
      `SELECT kid, alg, sealed_key AS "sealedKey", status, created_at AS "createdAt", activated_at AS "activatedAt",
              published_until AS "publishedUntil"
         FROM signing_keys WHERE status <> 'retired' ORDER BY created_at, kid`,
    );
    this.#load(rows);
    // Not awaited, because it may wait for a connection and for other instances.
    void this.#maintain();
  }

  /** Updates the states, and unseals keys that are new. */
  #load(rows: readonly SigningKeyRow[]): void {
    const byKid = new Map<string, StoredKey>();
    for (const row of rows) {
      if (row.status === 'retired') continue;
      const { status, activatedAt, publishedUntil } = row;
      const known = this.#byKid.get(row.kid);
      const key = known ? Object.assign(known, { status, activatedAt, publishedUntil }) : this.#open(row);
      if (key) byKid.set(key.kid, key);
    }
    const forgotten = [...this.#byKid.keys()].some((kid) => !byKid.has(kid));
    this.#byKid = byKid;
    this.#active = [...byKid.values()].find(({ status }) => status === 'active') ?? this.#active;
    if (forgotten) this.#onForgotten();
  }

  #open(row: SigningKeyRow): StoredKey | undefined {
    try {
      return this.#store.open(row);
    } catch (error) {
      const startError = this.#startError(row, error);
      // At the start this is an error. Later, a key from another instance must not stop this one.
      if (this.#active === undefined) throw startError;
      if (!this.#unusable.has(row.kid)) {
        this.#logger.error({ msg: 'a signing key can not be used', kid: row.kid, reason: startError.message });
      }
      this.#unusable.add(row.kid);
      return undefined;
    }
  }

  #startError({ kid }: SigningKeyRow, error: unknown): Error {
    if (error instanceof InvalidKey) return new StartError(`the signing key ${kid} in the database ${error.message}`);
    if (!(error instanceof UnsealFailed)) return error as Error;
    return new StartError(
      'PORTERO_SECRET (or the secret file in DATA_DIR) is not the secret that sealed the signing keys in this database; start with that one, or with it in PORTERO_SECRET_PREVIOUS. Nothing was changed',
      { cause: error },
    );
  }

  /** Rotates if it is due, retires expired keys, and seals again what a previous secret has sealed. */
  async #maintain(): Promise<void> {
    if (this.#maintaining) return;
    this.#maintaining = true;
    try {
      if (this.#isDue(this.#active)) await this.#rotate();
      const now = this.clock.now();
      const over = [...this.#byKid.values()].some((key) => key.publishedUntil && key.publishedUntil.getTime() <= now);
      if (over) await this.#store.retireExpired();
      if (this.config.secretPrevious.length > 0 && now >= this.#resealAt) await this.#reseal(now);
    } catch (err) {
      this.#logger.warn({ err, msg: 'maintenance of the signing keys failed; it will be retried' });
    } finally {
      this.#maintaining = false;
    }
  }

  #isDue({ alg, activatedAt }: Pick<SigningKeyRow, 'alg' | 'activatedAt'>): boolean {
    const age = this.clock.now() - (activatedAt?.getTime() ?? 0);
    return age >= this.config.keyRotation || (this.#algChanged && alg !== this.config.jwtAlg);
  }

  async #rotate(): Promise<void> {
    try {
      await this.#store.rotate((active) => this.#isDue(active));
      this.#algChanged = false;
      await this.feed.catchUp();
    } catch (error) {
      if (!(error instanceof NextKeyTooNew)) throw error;
    }
  }

  async #reseal(now: number): Promise<void> {
    const count = await this.#store.reseal();
    this.#resealAt = now + RESEAL_EVERY_MS;
    if (count > 0) this.#logger.log({ msg: 'signing keys sealed again with the current PORTERO_SECRET', count });
  }
}
