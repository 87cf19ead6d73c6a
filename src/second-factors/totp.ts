import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { renderSVG } from 'uqr';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Sealing } from '../crypto/sealing.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime } from '../database/database-time.js';
import { displayName, type User } from '../users/user.entity.js';
import { TotpExists } from './second-factors.errors.js';
import { describeTotp, newTotpSecret, stepOf } from './totp-code.js';

/** What a user needs to set up an authenticator app. */
export interface TotpEnrolment {
  /** In base32. */
  secret: string;
  uri: string;
  /** The URI as a QR code. */
  qrSvg: string;
}

/** How long the secret of an enrolment that was not confirmed is kept. */
const UNCONFIRMED_HOURS = 1;

/** Replaces the secret of an enrolment that was not confirmed. */
const BEGIN = `
  INSERT INTO totp_secrets AS t (user_id, sealed_secret, created_at) VALUES ($1, $2, ${databaseTime('$3')})
  ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at, last_step = 0
   WHERE t.confirmed_at IS NULL
  RETURNING user_id`;

const SECRET_OF = `
  SELECT sealed_secret, created_at::text AS "createdAt" FROM totp_secrets WHERE user_id = $1 AND (confirmed_at IS NOT NULL) = $2
     AND (confirmed_at IS NOT NULL OR created_at > ${databaseTime('$3')} - interval '${UNCONFIRMED_HOURS} hour')`;

/** Only with the secret that the code was compared with. Its time identifies it, because its bytes change when it is sealed again. */
const CONFIRM = `
  UPDATE totp_secrets SET confirmed_at = ${databaseTime('$4')}, last_step = $3
   WHERE user_id = $1 AND created_at = $2::timestamptz AND confirmed_at IS NULL`;

/** Each step is accepted once, on all instances (RFC 6238 §5.2), and never one before it. */
const USE_STEP = `
  UPDATE totp_secrets SET last_step = $3
   WHERE user_id = $1 AND created_at = $2::timestamptz AND confirmed_at IS NOT NULL AND last_step < $3`;

/** Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s, one step either side). */
@Injectable()
export class Totp implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly sealing: Sealing,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly cleanup: Cleanup,
  ) {}

  onModuleInit(): void {
    this.cleanup.of({
      table: 'totp_secrets',
      key: 'user_id',
      which: `AND confirmed_at IS NULL AND created_at <= ${databaseTime('$1')} - interval '${UNCONFIRMED_HOURS} hour'`,
      parameters: () => [this.clock.databaseTime()],
    });
  }

  /** Creates a secret. It becomes active when {@link confirm} accepts its first code. @throws TotpExists */
  async enrol(user: User): Promise<TotpEnrolment> {
    const secret = newTotpSecret();
    const sealed = this.sealing.seal(secret, totpContext(user.id));
    const rows: unknown[] = await this.database.query(BEGIN, [user.id, sealed, this.clock.databaseTime()]);
    if (rows.length === 0) throw new TotpExists();
    const { base32, uri } = describeTotp(secret, { issuer: this.config.brand.name, label: displayName(user) });
    return { secret: base32, uri, qrSvg: renderSVG(uri, { ecc: 'M', border: 4 }) };
  }

  /**
   * Confirms an enrolment with its first code, which is thereby used. Call it in the transaction that changes the factors.
   *
   * @returns false if the code is wrong or there is no enrolment
   */
  async confirm(manager: EntityManager, userId: string, code: string): Promise<boolean> {
    const found = await this.#stepOf(manager, userId, code, { confirmed: false });
    if (found === undefined) return false;
    const [, confirmed]: [unknown, number] = await manager.query(CONFIRM, [
      userId,
      found.createdAt,
      found.step,
      this.clock.databaseTime(),
    ]);
    return confirmed === 1;
  }

  /** Checks a code, and uses its time step up. */
  async use(userId: string, code: string): Promise<boolean> {
    const { manager } = this.database;
    const found = await this.#stepOf(manager, userId, code, { confirmed: true });
    if (found === undefined) return false;
    const [, used]: [unknown, number] = await manager.query(USE_STEP, [userId, found.createdAt, found.step]);
    return used === 1;
  }

  /** @returns whether there was one */
  async remove(manager: EntityManager, userId: string): Promise<boolean> {
    const [, removed]: [unknown, number] = await manager.query(
      'DELETE FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL',
      [userId],
    );
    return removed === 1;
  }

  async #stepOf(
    manager: EntityManager,
    userId: string,
    code: string,
    { confirmed }: { confirmed: boolean },
  ): Promise<{ createdAt: string; step: number } | undefined> {
    const [row]: { sealed_secret: Buffer; createdAt: string }[] = await manager.query(SECRET_OF, [
      userId,
      confirmed,
      this.clock.databaseTime(),
    ]);
    if (row === undefined) return undefined;
    const { plain } = this.sealing.unseal(row.sealed_secret, totpContext(userId));
    const step = stepOf(plain, code, this.clock.now());
    return step === undefined ? undefined : { createdAt: row.createdAt, step };
  }
}

export function totpContext(userId: string): string {
  return `totp ${userId}`;
}
