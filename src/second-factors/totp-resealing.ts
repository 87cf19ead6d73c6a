import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { Config } from '../config/config.js';
import { Sealing, UnsealFailed } from '../crypto/sealing.js';
import { totpContext } from './totp.js';

interface Row {
  user_id: string;
  sealed_secret: Buffer;
}

const PAGE = 200;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const NEXT = `
  SELECT user_id, sealed_secret FROM totp_secrets WHERE user_id > $1 ORDER BY user_id LIMIT ${PAGE}`;

const LOCK = `
  SELECT user_id, sealed_secret FROM totp_secrets WHERE user_id = ANY ($1::uuid[]) ORDER BY user_id FOR UPDATE`;

const RESEAL = `
  UPDATE totp_secrets t SET sealed_secret = new.sealed_secret
    FROM unnest($1::uuid[], $2::bytea[]) AS new (user_id, sealed_secret) WHERE t.user_id = new.user_id`;

/**
 * Seals the secrets of authenticator apps again that were sealed with a previous `PORTERO_SECRET`: in the background, after the
 * start, in pages. Afterwards the previous secret can be removed.
 */
@Injectable()
export class TotpResealing implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(TotpResealing.name);
  #running: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly sealing: Sealing,
    private readonly audit: AuditLog,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.secretPrevious.length === 0) return;
    this.#running = this.#resealAll().catch((err) =>
      this.#logger.warn({
        err,
        msg: 'secrets of authenticator apps could not be sealed again; the next start will retry',
      }),
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #resealAll(): Promise<void> {
    let count = 0;
    let after = FIRST_ID;
    while (!this.#isStopping) {
      const page: Row[] = await this.database.query(NEXT, [after]);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.user_id;
      const stale = page.filter((row) => this.#renewed(row) !== undefined).map((row) => row.user_id);
      if (stale.length > 0) count += await this.#reseal(stale);
    }
    if (count === 0) return;
    this.#logger.log({ msg: 'secrets of authenticator apps sealed again with the current PORTERO_SECRET', count });
  }

  /** Another instance may have sealed some of them meanwhile. @returns how many were sealed again */
  async #reseal(userIds: string[]): Promise<number> {
    const { count, event } = await this.database.transaction(async (manager) => {
      const rows: Row[] = await manager.query(LOCK, [userIds]);
      const renewed = rows.flatMap((row) => {
        const sealed = this.#renewed(row);
        return sealed === undefined ? [] : [{ userId: row.user_id, sealed }];
      });
      return { count: renewed.length, event: await this.#store(manager, renewed) };
    });
    if (event !== undefined) this.audit.log(event);
    return count;
  }

  async #store(
    manager: EntityManager,
    renewed: readonly { userId: string; sealed: Buffer }[],
  ): Promise<AuditEvent | undefined> {
    if (renewed.length === 0) return undefined;
    await manager.query(RESEAL, [renewed.map(({ userId }) => userId), renewed.map(({ sealed }) => sealed)]);
    const details = { totp_secrets: renewed.length };
    const event = this.audit.event('secret.resealed', { actor: 'system', details });
    await this.audit.insert(manager, event);
    return event;
  }

  /** The same secret, sealed with the current key. Undefined if it is that already, or if no key opens it. */
  #renewed({ user_id: userId, sealed_secret: sealed }: Row): Buffer | undefined {
    try {
      const { plain, stale } = this.sealing.unseal(sealed, totpContext(userId));
      return stale ? this.sealing.seal(plain, totpContext(userId)) : undefined;
    } catch (error) {
      if (error instanceof UnsealFailed) return undefined;
      throw error;
    }
  }
}
