import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import { StartRefused } from '../../config/start-refused.js';
import { Sealing, UnsealFailed } from '../../crypto/sealing.js';
import { ChangeFeed } from '../../database/feed/change-feed.js';
import type { Query } from '../../database/feed/feed-connection.js';
import { type PublicJwk, publicJwk } from './jwk.js';
import { KeyRefused } from './key-file.js';
import type { SigningKeyRow } from './signing-key.entity.js';
import { NextKeyTooNew } from './signing-key.errors.js';
import { SigningKeyStore, type StoredKey } from './signing-key-store.js';

const RESEAL_EVERY_MS = 3_600_000;

/** The keys that sign and verify access tokens, unsealed and in memory, as the database has them a second ago at most. */
@Injectable()
export class SigningKeys implements OnModuleInit, OnApplicationBootstrap {
  readonly #store: SigningKeyStore;
  readonly #logger = new Logger(SigningKeys.name);
  #byKid = new Map<string, StoredKey>();
  #active!: StoredKey;
  /** Set where `JWT_ALG` has become another one: the next key takes over as soon as it may. */
  #algChanged = false;
  /** Keys that were told of as unusable. */
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

  /** @throws StartRefused under a wrong secret, before anything is changed */
  async onModuleInit(): Promise<void> {
    this.#load(await this.#store.list());
  }

  /** Makes the first keys at the first start. */
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

  /** A key whose tokens are good. No I/O. */
  find(kid: string | undefined): StoredKey | undefined {
    const key = this.#byKid.get(kid ?? '');
    return key && (key.publishedUntil === null || key.publishedUntil.getTime() > this.clock.now()) ? key : undefined;
  }

  /** Calls back when a key was forgotten, before anything else happens. */
  onForgotten(callback: () => void): void {
    this.#onForgotten = callback;
  }

  /** The JWK Set that others verify with (RFC 7517 §5). A secret of HS256 is never in it. */
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
    // Not awaited: it waits for a connection of the pool, and for other instances.
    void this.#maintain();
  }

  /** Takes over the states in the database; of keys that are known by now, nothing is unsealed again. */
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
      const refusal = this.#refusal(row, error);
      // At the start nothing has been done yet. Later, what another instance has done must not stop this one.
      if (this.#active === undefined) throw refusal;
      if (!this.#unusable.has(row.kid)) {
        this.#logger.error({ msg: 'a signing key can not be used', kid: row.kid, reason: refusal.message });
      }
      this.#unusable.add(row.kid);
      return undefined;
    }
  }

  #refusal({ kid }: SigningKeyRow, error: unknown): Error {
    if (error instanceof KeyRefused) return new StartRefused(`the signing key ${kid} in the database ${error.message}`);
    if (!(error instanceof UnsealFailed)) return error as Error;
    return new StartRefused(
      'PORTERO_SECRET (or the secret file in DATA_DIR) is not the secret that sealed the signing keys in this database; start with that one, or with it in PORTERO_SECRET_PREVIOUS. Nothing was changed',
      { cause: error },
    );
  }

  /** What time brings: the rotation that is due, keys that are over, seals of a former secret. */
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
      this.#logger.warn({ err, msg: 'the signing keys could not be kept up; to be tried again' });
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
    if (count > 0) this.#logger.log({ msg: 'signing keys sealed again under PORTERO_SECRET', count });
  }
}
