import { createHmac, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { eventParameter, insertEvent } from '../../audit/event-row.js';
import { Clock } from '../../clock/clock.js';
import { Config } from '../../config/config.js';
import { uuidv7 } from '../../crypto/uuidv7.js';
import { Cleanup } from '../../database/cleanup.js';
import { databaseTime, interval } from '../../database/database-time.js';
import type { ClientContext } from '../../http/client-context.js';
import type { Transport } from '../../sessions/session.entity.js';
import type { User } from '../../users/user.entity.js';
import { UsersService } from '../../users/users.service.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { Proof } from '../proof.js';

/** What a sign-in waits for: a second factor, or that the user sets one up (`MFA=required`). */
export type PendingStep = 'second_factor' | 'enrolment';

/** A sign-in whose first factor is proved. */
export interface PendingSignIn {
  id: string;
  user: User;
  /** The methods proved so far, as RFC 8176 values. */
  amr: readonly string[];
  transport: Transport;
}

interface Row {
  id: string;
  userId: string;
  amr: string[];
  transport: Transport;
  credentialsChangedAt: Date;
}

const TTL_MS = 5 * 60_000;
const MAX_TRIES = 5;
const TOKEN_BYTES = 32;
const TOKEN_LENGTH = 43;

const BEGIN = `
  WITH begun AS (
    INSERT INTO pending_sign_ins (id, token_hash, user_id, purpose, amr, transport, credentials_changed_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, ${databaseTime('$8')} + ${interval('$9')}) RETURNING id
  ), event AS (
    ${insertEvent('$10', { from: 'begun' })}
  ) SELECT FROM begun`;

/** Counts the try before it is checked, so that concurrent guesses can't exceed the limit. */
const PRESENT = `
  UPDATE pending_sign_ins SET tries = tries + $4
   WHERE token_hash = ANY ($1) AND purpose = $2 AND tries < ${MAX_TRIES} AND expires_at > ${databaseTime('$3')}
  RETURNING id, user_id AS "userId", amr, transport, credentials_changed_at AS "credentialsChangedAt"`;

/** Keeps sign-ins between their first and their second step, by an opaque token of 256 bits (`mfa_token`). */
@Injectable()
export class PendingSignIns implements OnModuleInit {
  readonly expiresInSeconds = TTL_MS / 1000;
  /** The first key hashes new tokens; those of previous secrets are still accepted. */
  readonly #keys: readonly Buffer[];

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly users: UsersService,
    private readonly clock: Clock,
    private readonly cleanup: Cleanup,
    private readonly audit: AuditLog,
    { secret, secretPrevious }: Config,
  ) {
    this.#keys = [secret, ...secretPrevious].map((one) => one.derive('pending-sign-ins'));
  }

  onModuleInit(): void {
    this.cleanup.of({
      table: 'pending_sign_ins',
      key: 'id',
      which: `AND expires_at <= ${databaseTime('$1')}`,
      parameters: () => [this.clock.databaseTime()],
    });
  }

  /** @returns the token, which expires after {@link expiresInSeconds} */
  async begin(step: PendingStep, { user, amr }: Proof, client: ClientContext, transport: Transport): Promise<string> {
    const event = this.audit.event('second_factor.requested', { userId: user.id, client, details: { step } });
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await this.database.query(BEGIN, [
      uuidv7(this.clock.now()),
      this.#hashes(token)[0],
      user.id,
      step,
      amr,
      transport,
      user.credentialsChangedAt,
      this.clock.databaseTime(),
      TTL_MS,
      eventParameter(event),
    ]);
    this.audit.log(event);
    return token;
  }

  /** Finds a sign-in without counting a try. @throws MfaTokenInvalid */
  async find(step: PendingStep, token: string): Promise<PendingSignIn> {
    return await this.#present(step, token, 0);
  }

  /** Finds a sign-in and counts a try, before the try is checked. After five, the token is invalid. @throws MfaTokenInvalid */
  async try(step: PendingStep, token: string): Promise<PendingSignIn> {
    return await this.#present(step, token, 1);
  }

  /** The transport that the session will have. Undefined if the token is unknown. */
  async transportOf(token: string): Promise<Transport | undefined> {
    const [row]: { transport: Transport }[] = await this.database.query(
      'SELECT transport FROM pending_sign_ins WHERE token_hash = ANY ($1)',
      [this.#hashes(token)],
    );
    return row?.transport;
  }

  /** Uses the token up. @throws MfaTokenInvalid if another request has done so meanwhile */
  async end({ id }: PendingSignIn): Promise<void> {
    const [, deleted]: [unknown, number] = await this.database.query('DELETE FROM pending_sign_ins WHERE id = $1', [
      id,
    ]);
    if (deleted === 0) throw new MfaTokenInvalid();
  }

  async #present(step: PendingStep, token: string, tries: 0 | 1): Promise<PendingSignIn> {
    if (token.length !== TOKEN_LENGTH) throw new MfaTokenInvalid();
    const [[row]]: [Row[]] = await this.database.query(PRESENT, [
      this.#hashes(token),
      step,
      this.clock.databaseTime(),
      tries,
    ]);
    const user = row && (await this.users.find(row.userId));
    if (!row || !user || user.disabledAt !== null) throw new MfaTokenInvalid();
    // After a reset, for example, the first factor is worth nothing.
    if (user.credentialsChangedAt.getTime() !== row.credentialsChangedAt.getTime()) throw new MfaTokenInvalid();
    return { id: row.id, user, amr: row.amr, transport: row.transport };
  }

  #hashes(token: string): Buffer[] {
    return this.#keys.map((key) => createHmac('sha256', key).update(token).digest());
  }
}
