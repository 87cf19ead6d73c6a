import { createHash } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { Secret } from '../config/secret.js';
import { StartError } from '../config/start-error.js';
import { Sealing, UnsealFailed } from '../crypto/sealing.js';

/** The key of the HMAC that is computed before hashing. Without it, a copy of the database does not allow guessing passwords. */
export interface Pepper {
  /** Identifies the pepper in a hash, without revealing it. */
  id: string;
  key: Buffer;
}

interface PepperRow {
  id: string;
  sealed_pepper: Buffer;
}

/**
 * The current pepper, derived from `PORTERO_SECRET`, and the peppers of previous secrets. All are sealed in the database, so a
 * previous secret can be removed once they are sealed with the current one; users need not have logged in by then.
 */
@Injectable()
export class Peppers implements OnModuleInit, OnApplicationBootstrap {
  readonly current: Pepper;
  readonly #byId = new Map<string, Pepper>();
  readonly #logger = new Logger(Peppers.name);
  #stale: PepperRow[] = [];

  constructor(
    @InjectEntityManager() private readonly database: EntityManager,
    private readonly sealing: Sealing,
    config: Config,
    private readonly clock: Clock,
    private readonly audit: AuditLog,
  ) {
    this.current = pepperOf(config.secret);
    for (const secret of config.secretPrevious) this.#add(pepperOf(secret));
    this.#add(this.current);
  }

  /** The current pepper, then the others. */
  get all(): readonly Pepper[] {
    return [this.current, ...[...this.#byId.values()].filter(({ id }) => id !== this.current.id)];
  }

  find(id: string | undefined): Pepper | undefined {
    return this.#byId.get(id ?? '');
  }

  /** @throws StartError if the secret is wrong, before anything is changed */
  async onModuleInit(): Promise<void> {
    const rows: PepperRow[] = await this.database.query('SELECT id, sealed_pepper FROM password_peppers');
    for (const row of rows) this.#open(row);
  }

  /** Stores the current pepper, and seals in the background what was sealed with a previous secret. */
  async onApplicationBootstrap(): Promise<void> {
    await this.store();
    this.#reseal().catch((err) =>
      this.#logger.warn({ err, msg: 'peppers could not be sealed again; the next start will retry' }),
    );
  }

  /** Stores the current pepper, and those of previous secrets. Call it before a hash with the current pepper is stored. */
  async store(): Promise<void> {
    for (const { id, key } of this.#byId.values()) {
      await this.database.query('INSERT INTO password_peppers VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
        id,
        this.sealing.seal(key, context(id)),
        this.clock.date(),
      ]);
    }
  }

  #open(row: PepperRow): void {
    try {
      const { plain, stale } = this.sealing.unseal(row.sealed_pepper, context(row.id));
      this.#add({ id: row.id, key: plain });
      if (stale) this.#stale.push(row);
    } catch (error) {
      if (!(error instanceof UnsealFailed)) throw error;
      throw new StartError(
        'PORTERO_SECRET (or the secret file in DATA_DIR) is not the secret that sealed the password peppers in this database; start with that one, or with it in PORTERO_SECRET_PREVIOUS. Nothing was changed',
        { cause: error },
      );
    }
  }

  #add(pepper: Pepper): void {
    if (!this.#byId.has(pepper.id)) this.#byId.set(pepper.id, pepper);
  }

  async #reseal(): Promise<void> {
    for (const { id, sealed_pepper: stale } of this.#stale) {
      const { key } = this.find(id) as Pepper;
      const event = this.audit.event('secret.resealed', { actor: 'system', details: { pepper: id } });
      await this.database.transaction(async (manager) => {
        await manager.query('UPDATE password_peppers SET sealed_pepper = $1 WHERE id = $2 AND sealed_pepper = $3', [
          this.sealing.seal(key, context(id)),
          id,
          stale,
        ]);
        await this.audit.insert(manager, event);
      });
      this.audit.log(event);
    }
    if (this.#stale.length > 0) {
      this.#logger.log({
        msg: 'password peppers sealed again with the current PORTERO_SECRET',
        count: this.#stale.length,
      });
    }
    this.#stale = [];
  }
}

function pepperOf(secret: Secret): Pepper {
  const key = secret.derive('password-pepper');
  return { id: createHash('sha256').update(key).digest('hex').slice(0, 8), key };
}

function context(id: string): string {
  return `password-pepper/${id}`;
}
